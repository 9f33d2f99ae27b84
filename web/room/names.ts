// Names: of rooms that have none yet, and of people in little space.

const moods = ["amber", "breezy", "calm", "golden", "kind", "lucky", "merry", "quiet", "sunny", "warm"];
const places = ["bay", "cabin", "garden", "grove", "harbour", "island", "lantern", "meadow", "orchard", "porch"];

export function friendlyRoom(random: () => number): string {
  const pick = (words: string[]) => words[Math.floor(random() * words.length)];
  return `${pick(moods)}-${pick(places)}-${10 + Math.floor(random() * 90)}`;
}

// Up to two letters: of the first and the last word.
export function initials(name: string): string {
  const words = name.split(/[\s_.-]+/).filter((word) => word !== "");
  const letter = (word: string | undefined) => (word === undefined ? "" : ([...word][0] ?? ""));
  const last = words.length > 1 ? letter(words.at(-1)) : "";
  return (letter(words[0]) + last).toLocaleUpperCase() || "?";
}

// A colour for somebody, the same each time: degrees on the colour circle.
export function hue(name: string): number {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)!) % 9973;
  return (hash * 47) % 360;
}
