// The marks of emphasis: where one begins and where one ends.

const WORD = /[\p{L}\p{N}_]/u;
const MARKS = ["***", "**", "*", "__", "_", "~~"] as const;

export const KINDS = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" } as const;

type Mark = (typeof MARKS)[number];

export function isWord(text: string, at: number): boolean {
  return WORD.test(text[at] ?? "");
}

export function markAt(text: string, at: number): Mark | undefined {
  return MARKS.find((mark) => text.startsWith(mark, at));
}

export function opens(text: string, mark: Mark, at: number): boolean {
  if (/\s/.test(text[at + mark.length] ?? " ")) return false;
  // snake_case_names are no emphasis.
  return mark[0] !== "_" || !isWord(text, at - 1);
}

export function closes(text: string, mark: Mark, at: number): boolean {
  const sign = mark[0];
  if (/\s/.test(text[at - 1] ?? "")) return false;
  if (sign === "_" && isWord(text, at + mark.length)) return false;
  // At the end of three the inner mark has its sign first.
  if (mark.length === 2) return text[at + 2] !== sign;
  // One sign is no half of a pair.
  return text[at + 1] !== sign && (text[at - 1] !== sign || text[at - 2] === sign);
}
