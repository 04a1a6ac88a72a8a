// Tables in Markdown (as on GitHub): a head, a row of dashes, and rows.

import type { Reading } from "./blocks.ts";
import { chipsAtEnd, chipsIn } from "./chips.ts";
import { parseInlines } from "./inlines.ts";
import type { Align, Inline } from "./nodes.ts";

const MOST_COLUMNS = 30;

/** Read a row. The chips behind it, and those of a cell that has no column, go into the last cell. */
function cells(line: string, columns = MOST_COLUMNS): string[] {
  const end = chipsAtEnd(line);
  const inner = line.slice(0, end).trim().replace(/^\|/, "").replace(/\|$/, "");
  const all = inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
  const kept = all.slice(0, columns);
  const chips = chipsIn(all.slice(columns).join("") + line.slice(end));
  return chips ? [...kept.slice(0, -1), `${kept.at(-1)}${chips}`] : kept;
}

function alignment(cell: string): Align {
  if (!cell.endsWith(":")) return "start";
  return cell.startsWith(":") ? "center" : "end";
}

export function isTable(lines: string[], at: number): boolean {
  const [head = "", dashes = ""] = lines.slice(at, at + 2);
  if (!head.includes("|") || !dashes.includes("-")) return false;
  const parts = cells(dashes);
  return parts.every((part) => /^:?-+:?$/.test(part)) && parts.length === cells(head).length;
}

export function readTable(lines: string[], at: number): Reading | null {
  if (!isTable(lines, at)) return null;
  const align = cells(lines[at + 1] ?? "").map(alignment);
  const rows: Inline[][][] = [];
  let next = at + 2;
  while (next < lines.length && lines[next]?.includes("|")) {
    rows.push(cells(lines[next] ?? "", align.length).map(parseInlines));
    next += 1;
  }
  const head = cells(lines[at] ?? "").map(parseInlines);
  return { blocks: [{ kind: "table", align, head, rows }], next };
}
