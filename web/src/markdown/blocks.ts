// Markdown's blocks, from lines. What is still open when the text ends (it streams) counts as closed.

import { splitChips, withoutChips } from "./chips.ts";
import { parseInlines } from "./inlines.ts";
import { readList } from "./lists.ts";
import type { Block } from "./nodes.ts";
import { FENCE, FORMULA, HEADING, isRule, QUOTE, startsBlock } from "./starts.ts";
import { readTable } from "./tables.ts";

const DEEPEST = 6;

/** Blocks read so far and the number of the line to go on with. */
export interface Reading {
  blocks: Block[];
  next: number;
}

type Reader = (lines: string[], at: number, depth: number) => Reading | null;

const readRule: Reader = (lines, at) =>
  isRule(lines[at] ?? "") ? { blocks: [{ kind: "rule" }], next: at + 1 } : null;

const readHeading: Reader = (lines, at) => {
  const line = lines[at] ?? "";
  const signs = HEADING.exec(line)?.[1];
  if (!signs) return null;
  const text = line.trim().slice(signs.length).trim().replace(/\s#+$/, "");
  const children = parseInlines(text);
  return { blocks: [{ kind: "heading", level: signs.length, children }], next: at + 1 };
};

const readFence: Reader = (lines, at) => {
  const fence = FENCE.exec(lines[at] ?? "")?.[1];
  if (!fence) return null;
  let end = at + 1;
  while (end < lines.length && !isFenceEnd(lines[end] ?? "", fence)) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  return { blocks: [{ kind: "code", text }, ...chipsOf(lines[end] ?? "")], next: end + 1 };
};

function isFenceEnd(line: string, fence: string): boolean {
  // A chip may stand behind the fence: it is the quote of the code.
  const signs = withoutChips(line).trim();
  return signs.startsWith(fence) && signs.replaceAll(fence[0] ?? "", "") === "";
}

const readQuote: Reader = (lines, at, depth) => {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] ?? "")) end += 1;
  if (end === at) return null;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}> ?/, ""));
  return { blocks: [{ kind: "quote", children: readBlocks(inner, depth + 1) }], next: end };
};

function isFormulaEnd(line: string, close: string): boolean {
  return withoutChips(line)
    .trim()
    .replace(/[.,;]$/, "")
    .endsWith(close);
}

/** A formula on lines of its own; one that has not ended yet is text for now. */
const readFormula: Reader = (lines, at) => {
  const open = FORMULA.exec(lines[at] ?? "")?.[1];
  if (!open) return null;
  const close = open === "$$" ? "$$" : "\\]";
  const first = (lines[at] ?? "").trim();
  let end = first.length > open.length + 1 && isFormulaEnd(first.slice(2), close) ? at : at + 1;
  while (end > at && lines[end]?.trim() && !isFormulaEnd(lines[end] ?? "", close)) end += 1;
  if (!lines[end]?.trim()) return null;
  const text = lines.slice(at, end + 1).join("\n");
  const tex = withoutChips(text)
    .trim()
    .replace(/[.,;]$/, "")
    .slice(2, -2)
    .trim();
  if (tex.includes("$$")) return null;
  return { blocks: [{ kind: "math", tex }, ...chipsOf(text)], next: end + 1 };
};

function chipsOf(text: string): Block[] {
  const chips = splitChips(text).filter((piece) => typeof piece !== "string");
  const children = chips.map((piece) => ({ kind: "chip" as const, ...piece }));
  return chips.length ? [{ kind: "paragraph", children }] : [];
}

const readParagraph: Reader = (lines, at) => {
  let end = at + 1;
  while (end < lines.length && lines[end]?.trim() && !startsBlock(lines, end)) end += 1;
  const text = lines
    .slice(at, end)
    .map((line) => line.trimStart())
    .join("\n")
    .trimEnd();
  return { blocks: [{ kind: "paragraph", children: parseInlines(text) }], next: end };
};

const readers: Reader[] = [
  readFence,
  readFormula,
  readHeading,
  readRule,
  readQuote,
  readListBlock,
  readTable,
];

function readListBlock(lines: string[], at: number, depth: number): Reading | null {
  return readList(lines, at, (inner) => readBlocks(inner, depth + 1));
}

export function readBlocks(lines: string[], depth = 0): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at]?.trim()) {
      at += 1;
      continue;
    }
    const usable = depth < DEEPEST ? readers : [];
    let reading: Reading | null = null;
    for (const reader of usable) reading ??= reader(lines, at, depth);
    reading ??= readParagraph(lines, at, depth);
    if (!reading) break;
    blocks.push(...reading.blocks);
    at = reading.next;
  }
  return blocks;
}

export function parseMarkdown(text: string): Block[] {
  return readBlocks(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"));
}
