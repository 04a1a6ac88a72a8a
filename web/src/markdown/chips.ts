// Citations in Markdown: each stands for one private-use character while the text is parsed, so that
// nothing in the text (which a model wrote) can make one or move one.

import type { Citation } from "../schema.ts";
import { toUnits } from "./offsets.ts";

const FIRST = 0xe000;
const LAST = 0xf8ff;
const PRIVATE = /[\ue000-\uf8ff]/g;
/** A line that has only begun a block: without the space after them its signs are none. */
const BEGUN = /^\s*(?:(?:[-*+>]|#{1,6}|\d{1,9}[.)])\s+)+$/;

/** Replace each citation's `[n]`, which ends at its position, by its character. */
export function insertChips(response: string, citations: readonly Citation[]): string {
  const ordered = citations.slice(0, LAST - FIRST).map((citation, index) => ({ citation, index }));
  ordered.sort((a, b) => a.citation.position - b.citation.position);
  // Other private-use characters mean nothing to anybody, and here they must not mean a citation.
  const safe = response.replace(PRIVATE, "\ufffd");
  const ends = toUnits(
    safe,
    ordered.map(({ citation }) => citation.position),
  );
  let text = "";
  let done = 0;
  ordered.forEach(({ citation, index }, i) => {
    const end = ends[i] ?? safe.length;
    const before = safe.slice(done, end);
    const marker = `[${citation.marker}]`;
    text += before.endsWith(marker) ? trimBefore(text, before.slice(0, -marker.length)) : before;
    text += String.fromCharCode(FIRST + index);
    done = end;
  });
  return text + safe.slice(done);
}

/** Take away the space that sets a marker apart from the words before it; `text` is what stands before those. */
function trimBefore(text: string, words: string): string {
  const whole = text + words;
  const line = whole.slice(whole.lastIndexOf("\n") + 1);
  return BEGUN.test(line) ? words : words.trimEnd();
}

export function withoutChips(text: string): string {
  return text.replace(PRIVATE, "");
}

/** Return the chips of a text alone. */
export function chipsIn(text: string): string {
  return text.match(PRIVATE)?.join("") ?? "";
}

/** Return where the chips begin that a text ends with; its length where there are none. */
export function chipsAtEnd(text: string): number {
  let at = text.length;
  while (at > 0 && withoutChips(text[at - 1] ?? "").trim() === "") at -= 1;
  return at;
}

export type Piece = string | { citation: number };

/** Split text at its chips; a chip is the index of its citation. */
export function splitChips(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(PRIVATE)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push({ citation: match[0].charCodeAt(0) - FIRST });
    from = match.index + 1;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}
