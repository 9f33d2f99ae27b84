// The dashboard of a router-service, as an operator has it before them.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { build } from "./program.mjs";
import { witness } from "./scenario.mjs";
import { until } from "./until.mjs";

export const pictures = join(build, "e2e-pictures");

// Opens it in a new page of `browser`. `options` are those of the page. It keeps what the page
// complains of.
export async function openDashboard(t, browser, { url }, options = {}) {
  const usual = { bypassCSP: false, viewport: { width: 1280, height: 900 } };
  const page = await browser.page({ ...usual, ...options });
  const said = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(error.message));
  witness(t, async () => `== dashboard\n${said.join("\n")}`);
  await page.goto(url);
  return new DashboardPage(page, said);
}

class DashboardPage {
  // `said`: its console.
  constructor(page, said) {
    Object.assign(this, { page, said });
  }

  // The tiles that are shown: what each says to those who do not see it.
  tiles() {
    return this.page.evaluate(() =>
      [...document.querySelectorAll(".tile")].map((tile) => tile.getAttribute("aria-label")),
    );
  }

  // Waits until exactly these tiles are shown, in this order; each a pattern.
  shows(...patterns) {
    return until(`tiles ${patterns.join(" ")}`, async () => {
      const tiles = await this.tiles();
      const right =
        tiles.length === patterns.length && patterns.every((wanted, at) => wanted.test(tiles[at]));
      if (!right) throw new Error(JSON.stringify(tiles));
      return true;
    });
  }

  // Waits until an element says this; as people see it.
  says(selector, wanted) {
    return until(`${selector} says ${wanted}`, async () => {
      const text = await this.page.locator(selector).innerText({ timeout: 1000 });
      if (!wanted.test(text)) throw new Error(text);
      return true;
    });
  }

  async search(text) {
    await this.page.locator("#search-text").fill(text);
    await this.page.locator("#search-text").press("Enter");
  }

  click(text, within = "body") {
    return this.page.locator(within).getByRole("button", { name: text }).first().click();
  }

  // A picture of what is in view, or of all there is.
  async picture(name, { whole = false } = {}) {
    await mkdir(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `${name}.png`), fullPage: whole });
  }

  // How far it sticks out sideways, in CSS pixels.
  overhang() {
    return this.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
  }
}
