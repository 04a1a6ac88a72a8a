// What is said of an answer that rests on no quote. Two kinds have one status: that the files do not
// hold it, and what a model said all the same.

import type { Turn } from "../chats/turns.ts";
import { strings } from "../strings/index.ts";

/**
 * What the server says in the language of the question where the files do not hold the answer: the
 * hashes of its sentences, which themselves would be a thirtieth of the page.
 */
const REFUSALS =
  "mv0293 1rtb9bv 1pkwvsb 75lfp0 fb3c9r 13ut1zq 1zest5 9sitai ki1r0q 1r903xt 1plsq19 34ei2c " +
  "1v2uq66 ukvtvv oglfn2 verxa5 1otc3lt fqxrr1 3tx66o 1so7ue6 3bkkj9 12n30b8 76jy0m j6yi2z " +
  "144zkin 1na8w5v 16remtc 12nfkuh hsewoy jtzjam 1s4sz1q";

function hash(text: string): string {
  let sum = 0;
  for (const character of text) {
    sum = (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  }
  return sum.toString(36);
}

/** Anything but these sentences is the model's own, however short: not to be relied on. */
export function verdictOf({ response }: Turn): { title: string; hint: string } {
  const s = strings.value.answer;
  return !response || REFUSALS.split(" ").includes(hash(response))
    ? { title: s.notFoundTitle, hint: s.notFoundHint }
    : { title: s.unbackedTitle, hint: s.unbackedHint };
}
