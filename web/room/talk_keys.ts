// M mutes and unmutes; the space bar, held while muted, lets one talk for that long.

export interface TalkActions {
  muted(): boolean;
  toggle(): void;
  talk(on: boolean): void;
}

// Returns the function that takes the keys away again.
export function watchTalkKeys(actions: TalkActions): () => void {
  let talking = false;
  const release = () => {
    if (!talking) return;
    talking = false;
    actions.talk(false);
  };
  const onDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTaken(event)) return;
    if (event.code === "Space") {
      event.preventDefault(); // else the page scrolls
      if (event.repeat || talking || !actions.muted()) return;
      talking = true;
      actions.talk(true);
    } else if (event.key.toLowerCase() === "m" && !event.repeat) {
      talking = false; // unmuted for good while the space bar is held
      actions.toggle();
    }
  };
  const onUp = (event: KeyboardEvent) => {
    if (event.code === "Space") release();
  };
  document.addEventListener("keydown", onDown);
  document.addEventListener("keyup", onUp);
  window.addEventListener("blur", release);
  return () => {
    release();
    document.removeEventListener("keydown", onDown);
    document.removeEventListener("keyup", onUp);
    window.removeEventListener("blur", release);
  };
}

// Keys that are meant for a control: letters where one types, the space bar on a button.
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("dialog, input, select, textarea")) return true;
  return event.code === "Space" && target?.closest("button") !== null;
}
