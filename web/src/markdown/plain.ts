// Markdown as it is read aloud: the words, without marks, markers and addresses.

import type { Block, Inline } from "./nodes.ts";

function inlineText(node: Inline, formula: string): string {
  switch (node.kind) {
    case "text":
    case "code":
      return node.text;
    case "math":
      return formula;
    case "image":
      return node.name;
    case "break":
      return " ";
    case "chip":
      return "";
    default:
      return line(node.children, formula);
  }
}

function line(nodes: Inline[], formula: string): string {
  return nodes.map((node) => inlineText(node, formula)).join("");
}

function blockText(block: Block, formula: string): string {
  switch (block.kind) {
    case "heading":
    case "paragraph":
      return line(block.children, formula);
    case "quote":
      return plainText(block.children, formula);
    case "list":
      return block.items.map((item) => plainText(item, formula)).join("\n");
    case "code":
      return block.text;
    case "math":
      return formula;
    case "table":
      return [block.head, ...block.rows]
        .map((row) => row.map((cell) => line(cell, formula)).join(", "))
        .join("\n");
    case "rule":
      return "";
  }
}

/** `formula` is what is said in place of one: TeX is not understood by ear, MathML is read where it stands. */
export function plainText(blocks: Block[], formula = ""): string {
  return blocks
    .map((block) => blockText(block, formula))
    .filter(Boolean)
    .join("\n");
}
