// Parsed Markdown on screen. Only what is named here can ever be drawn.

import { useMemo } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { parseMarkdown } from "./blocks.ts";
import { direction } from "./direction.ts";
import { Formula } from "./formula.tsx";
import { Chips, Code, type DrawChip, Inlines } from "./inline-view.tsx";
import type { Block } from "./nodes.ts";
import { plainText } from "./plain.ts";

// The page's title is an h1, a question an h2.
const HEADINGS = ["h3", "h4", "h5", "h6", "h6", "h6"] as const;

function Table({ block }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields; a section is a landmark, and there may be many
    <div class="table" role="group" tabIndex={0} aria-label={strings.value.answer.table}>
      <table dir={direction(plainText([block]))}>
        <thead>
          <tr>
            {block.head.map((cell, i) => (
              <th key={i} scope="col" dir="auto" class={block.align[i]}>
                <Inlines nodes={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, r) => (
            <tr key={r}>
              {row.map((cell, i) => (
                <td key={i} dir="auto" class={block.align[i]}>
                  <Inlines nodes={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ListView({ block }: { block: Extract<Block, { kind: "list" }> }) {
  const items = block.items.map((item, index) => (
    <li key={index}>
      <Item blocks={item} />
    </li>
  ));
  // The list as a whole: its marks stand on the side where its text begins.
  if (block.start === null) return <ul dir="auto">{items}</ul>;
  return (
    <ol dir="auto" start={block.start}>
      {items}
    </ol>
  );
}

/** An item of one paragraph stands without the space around paragraphs. */
function Item({ blocks: [first, ...rest] }: { blocks: Block[] }) {
  if (first?.kind !== "paragraph") return <Blocks blocks={first ? [first, ...rest] : []} />;
  return (
    <>
      <Inlines nodes={first.children} />
      <Blocks blocks={rest} />
    </>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading": {
      const Heading = HEADINGS[block.level - 1] ?? "h6";
      return (
        <Heading dir="auto">
          <Inlines nodes={block.children} />
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p dir="auto">
          <Inlines nodes={block.children} />
        </p>
      );
    case "quote":
      return (
        <blockquote dir={direction(plainText(block.children))}>
          <Blocks blocks={block.children} />
        </blockquote>
      );
    case "list":
      return <ListView block={block} />;
    case "code":
      return (
        <pre dir="ltr" tabIndex={0}>
          <code>
            <Code text={block.text} />
          </code>
        </pre>
      );
    case "table":
      return <Table block={block} />;
    case "math":
      return <Formula tex={block.tex} isDisplay />;
    case "rule":
      return <hr />;
  }
}

function Blocks({ blocks }: { blocks: Block[] }) {
  return (
    <>
      {blocks.map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </>
  );
}

/** Draw Markdown whose chips stand as characters of their own (chips.ts). */
export function Markdown({ text, drawChip }: { text: string; drawChip: DrawChip }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <Chips.Provider value={drawChip}>
      <Blocks blocks={blocks} />
    </Chips.Provider>
  );
}
