// A passphrase for who has none at hand: random words out of more than 600: 46 bits.

import { language } from "../strings/index.ts";

const COUNT = 5;

/** A number below `limit`, each as likely as any other. */
function random(limit: number): number {
  const most = Math.floor(2 ** 32 / limit) * limit;
  const drawn = new Uint32Array(1);
  do crypto.getRandomValues(drawn);
  while ((drawn[0] ?? 0) >= most);
  return (drawn[0] ?? 0) % limit;
}

export async function suggestPassphrase(): Promise<string> {
  const { words } =
    language.value === "de"
      ? await import("../strings/words-de.ts")
      : await import("../strings/words-en.ts");
  return Array.from({ length: COUNT }, () => words[random(words.length)]).join("-");
}
