// Markdown as it is read aloud: the words, without marks, markers and addresses.

import type { Block, Inline } from "./nodes.ts";

function inlineText(node: Inline): string {
  switch (node.kind) {
    case "text":
    case "code":
      return node.text;
    case "math":
      return node.tex;
    case "image":
      return node.name;
    case "break":
      return " ";
    case "chip":
      return "";
    default:
      return node.children.map(inlineText).join("");
  }
}

const line = (nodes: Inline[]) => nodes.map(inlineText).join("");

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
    case "paragraph":
      return line(block.children);
    case "quote":
      return plainText(block.children);
    case "list":
      return block.items.map(plainText).join("\n");
    case "code":
      return block.text;
    case "math":
      return block.tex;
    case "table":
      return [block.head, ...block.rows].map((row) => row.map(line).join(", ")).join("\n");
    case "rule":
      return "";
  }
}

export function plainText(blocks: Block[]): string {
  return blocks.map(blockText).filter(Boolean).join("\n");
}
