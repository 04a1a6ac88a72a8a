// Lists in Markdown: items by their marks, nested by their indentation.

import type { Reading } from "./blocks.ts";
import type { Block } from "./nodes.ts";
import { ITEM, startsBlock } from "./starts.ts";

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}

interface Item {
  isOrdered: boolean;
  number: number;
  lines: string[];
  next: number;
}

/** Whether a line goes on with an item: indented, or lazily following its text. */
function continues(lines: string[], at: number, indent: number): boolean {
  const line = lines[at] ?? "";
  if (!line.trim() || indentation(line) >= indent) return true;
  return lines[at - 1]?.trim() !== "" && !startsBlock(lines, at);
}

function readItem(lines: string[], at: number): Item | null {
  const match = ITEM.exec(lines[at] ?? "");
  if (!match) return null;
  const [mark, space = "", , digits] = match;
  // Writers indent by two under "1." as well, where three would be right.
  const indent = Math.min(mark.length, space.length + 2);
  let end = at + 1;
  while (end < lines.length && continues(lines, end, indent)) end += 1;
  while (end > at + 1 && !lines[end - 1]?.trim()) end -= 1;
  const rest = lines.slice(at + 1, end);
  const cut = (line: string) => line.slice(Math.min(indentation(line), mark.length));
  const inner = [(lines[at] ?? "").slice(mark.length), ...rest.map(cut)];
  return { isOrdered: digits !== undefined, number: Number(digits ?? 0), lines: inner, next: end };
}

export function readList(
  lines: string[],
  at: number,
  readInner: (lines: string[]) => Block[],
): Reading | null {
  const items: Block[][] = [];
  const first = readItem(lines, at);
  let next = at;
  let item = first;
  while (item && item.isOrdered === first?.isOrdered) {
    items.push(readInner(item.lines));
    next = item.next;
    let following = next;
    while (following < lines.length && !lines[following]?.trim()) following += 1;
    item = readItem(lines, following);
  }
  if (!first) return null;
  return { blocks: [{ kind: "list", start: first.isOrdered ? first.number : null, items }], next };
}
