// Puts an ear on every voice that the page's room hears, and keeps what happened to it.
"use strict";
(() => {
  const events = []; // [name, what], as the room told them
  const messages = []; // signalling that arrived, parsed
  let room;

  function watch(room) {
    const ofPeer = ({ peer }) => peer.displayName;
    const kept = {
      peerJoined: ofPeer,
      peerLeft: ofPeer,
      peerChanged: ({ peer }) => `${peer.displayName} ${peer.audio}`,
      muted: ({ muted, by }) => `${muted} ${by}`,
      state: (state) => [state.name, state.what, state.reason].filter(Boolean).join(" "),
      moved: () => "",
      reconnected: () => "",
    };
    for (const [name, tell] of Object.entries(kept)) {
      room.on(name, (event) => events.push([name, tell(event)]));
    }
    room.on("track", ({ peer, track }) => void window.voice.listen(peer.displayName, track));
    room.on("trackRemoved", ({ track }) => window.voice.unlisten(track));
  }

  Object.defineProperty(window, "parley", {
    get: () => room,
    set(value) {
      room = value;
      watch(room);
    },
  });

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => messages.push(JSON.parse(data)));
    }
  };

  Object.assign(window.voice, { events, messages });
})();
