// By which line a block of Markdown begins, and so ends the one before.

import { isTable } from "./tables.ts";

/** Three backticks that are closed in the same line stand around code in a text (CommonMark, 4.5). */
export const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
export const HEADING = /^ {0,3}(#{1,6})\s/;
export const QUOTE = /^ {0,3}>/;
export const FORMULA = /^ {0,3}(\$\$|\\\[)/;
export const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?: +|$)/;

const SIGNS = [FENCE, HEADING, QUOTE, FORMULA, ITEM];

export function isRule(line: string): boolean {
  const signs = line.replace(/\s/g, "");
  return signs.length >= 3 && /^(-+|\*+|_+)$/.test(signs) && !/^ {4}/.test(line);
}

export function startsBlock(lines: string[], at: number): boolean {
  const line = lines[at] ?? "";
  return SIGNS.some((sign) => sign.test(line)) || isRule(line) || isTable(lines, at);
}
