// A passphrase for who has none at hand: random words out of 480 or more: 44 bits. Among them is none that says little
// beyond what passwords are commonly made of: now and then the server would refuse five of those.

import { problemOf, readJson } from "../api/replies.ts";
import { reach } from "../api/session.ts";
import { type Language, language } from "../strings/index.ts";
import german from "../strings/words-de.json?url";
import english from "../strings/words-en.json?url";

// Fetched, not imported: many browsers import nothing again that was out of reach once.
const ADDRESSES: Record<Language, string> = { de: german, en: english };
const COUNT = 5;

/** A number below `limit`, each as likely as any other. */
function random(limit: number): number {
  const most = Math.floor(2 ** 32 / limit) * limit;
  const drawn = new Uint32Array(1);
  do crypto.getRandomValues(drawn);
  while ((drawn[0] ?? 0) >= most);
  return (drawn[0] ?? 0) % limit;
}

/** Fetch the words: short, concrete, hard to mistake for one another. Raises a Failure. */
async function fetchWords(): Promise<string[]> {
  const response = await reach(ADDRESSES[language.value], {});
  if (!response.ok) throw await problemOf(response);
  return readJson<string[]>(response);
}

/** Raises a Failure: the words may be out of reach. */
export async function suggestPassphrase(): Promise<string> {
  const words = await fetchWords();
  return Array.from({ length: COUNT }, () => words[random(words.length)]).join("-");
}
