// Real browsers: Debian's Chromium and Firefox, both with a tone in place of the microphone.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium as playwright } from "playwright-core";
import puppeteer from "puppeteer-core";

const pageScript = (name) => readFile(new URL(`page/${name}.js`, import.meta.url), "utf8");
const tones = await pageScript("tones");
const watch = await pageScript("watch");
const workletEars = tones + (await pageScript("worklet_ears")) + watch;
const recorderEars = tones + (await pageScript("recorder_ears")) + watch;

// Replaces what a page gets for its microphone by a tone of `hz`.
const hum = (hz) => `if (navigator.mediaDevices) {
  navigator.mediaDevices.getUserMedia = async () => new MediaStream([voice.hum(${hz})]);
}`;

// Both kinds of browser give pages that have goto(), evaluate(function, argument), close().

// A Chromium; `t` is the test that owns it, and whose end closes it.
export async function startChromium(t, { args = [] } = {}) {
  const browser = await launchChromium(args);
  t.after(() => browser.close());
  return pagesOf(browser, () => {});
}

// One for all tests of a file; to be called outside of any test. Gives a function like
// startChromium(), whose pages the end of the test closes. Each page has a profile of its own.
export function shareChromium() {
  let launched;
  after(async () => (await launched)?.close());
  return async (t) => {
    launched ??= launchChromium([]);
    const browser = await launched;
    const contexts = [];
    t.after(() => Promise.all(contexts.map((context) => context.close())));
    return pagesOf(browser, (context) => contexts.push(context));
  };
}

function launchChromium(args) {
  return playwright.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox", // it refuses to run as root otherwise
      "--autoplay-policy=no-user-gesture-required",
      "--allow-loopback-in-peer-connection",
      "--disable-features=WebRtcHideLocalIpsWithMdns",
      ...args,
    ],
  });
}

function pagesOf(browser, onContext) {
  return {
    name: "Chromium",
    // A page of a profile of its own. `hz`: its microphone is this tone; undefined: the real one.
    // `options` are playwright's, for the context.
    async page({ hz, ...options } = {}) {
      const context = await browser.newContext({ bypassCSP: true, ...options });
      onContext(context);
      await context.addInitScript({ content: workletEars + (hz === undefined ? "" : hum(hz)) });
      return context.newPage();
    },
  };
}

// A Firefox; the microphone of all its pages is the tone `hz`.
export async function startFirefox(t, { hz }) {
  const profile = await mkdtemp(join(tmpdir(), "parley-firefox-"));
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox",
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: {
      "media.autoplay.default": 0,
      "media.autoplay.blocking_policy": 0,
      "media.navigator.streams.fake": true,
      "media.navigator.audio.fake_frequency": hz,
      "media.navigator.permission.disabled": true,
      "media.peerconnection.ice.loopback": true,
      "media.peerconnection.ice.obfuscate_host_addresses": false,
      "security.csp.enable": false,
    },
  });
  t.after(async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  return {
    name: "Firefox",
    async page() {
      const page = await browser.newPage();
      await page.evaluateOnNewDocument(recorderEars);
      return page;
    },
  };
}
