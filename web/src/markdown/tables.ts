// Tables in Markdown (as on GitHub): a head, a row of dashes, and rows.

import type { Reading } from "./blocks.ts";
import { parseInlines } from "./inlines.ts";
import type { Align, Inline } from "./nodes.ts";

const MOST_COLUMNS = 30;

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner
    .split(/(?<!\\)\|/)
    .slice(0, MOST_COLUMNS)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
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
    rows.push(
      cells(lines[next] ?? "")
        .slice(0, align.length)
        .map(parseInlines),
    );
    next += 1;
  }
  const head = cells(lines[at] ?? "").map(parseInlines);
  return { blocks: [{ kind: "table", align, head, rows }], next };
}
