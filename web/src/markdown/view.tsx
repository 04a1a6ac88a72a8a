// Parsed Markdown on screen. Only what is named here can ever be drawn.

import { type ComponentChildren, createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { parseMarkdown } from "./blocks.ts";
import { splitChips } from "./chips.ts";
import { Formula } from "./formula.tsx";
import type { Block, Inline } from "./nodes.ts";

type DrawChip = (citation: number) => ComponentChildren;
const Chips = createContext<DrawChip>(() => null);

function Code({ text }: { text: string }) {
  const drawChip = useContext(Chips);
  return splitChips(text).map((piece) =>
    typeof piece === "string" ? piece : drawChip(piece.citation),
  );
}

function Link({ url, children }: { url: URL; children: Inline[] }) {
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={url.href}>
      <Inlines nodes={children} /> <span class="host">({url.host})</span>
      <span class="visually-hidden"> {strings.value.answer.linkTo(url.host)}</span>
    </a>
  );
}

function InlineView({ node }: { node: Inline }) {
  const drawChip = useContext(Chips);
  switch (node.kind) {
    case "text":
      return node.text;
    case "chip":
      return drawChip(node.citation);
    case "code":
      return (
        <code dir="ltr">
          <Code text={node.text} />
        </code>
      );
    case "strong":
      return (
        <strong>
          <Inlines nodes={node.children} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inlines nodes={node.children} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inlines nodes={node.children} />
        </del>
      );
    case "link":
      return <Link url={node.url} children={node.children} />;
    case "image":
      return strings.value.answer.image(node.name);
    case "math":
      return <Formula tex={node.tex} isDisplay={node.isDisplay} />;
    case "break":
      return <br />;
  }
}

function Inlines({ nodes }: { nodes: Inline[] }) {
  return nodes.map((node, index) => <InlineView key={index} node={node} />);
}

// The page's title is an h1, a question an h2.
const HEADINGS = ["h3", "h4", "h5", "h6", "h6", "h6"] as const;

function Table({ block }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    <section class="table" tabIndex={0} aria-label={strings.value.answer.table}>
      <table>
        <thead>
          <tr>
            {block.head.map((cell, i) => (
              <th key={i} scope="col" class={block.align[i]}>
                <Inlines nodes={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, r) => (
            <tr key={r}>
              {row.map((cell, i) => (
                <td key={i} class={block.align[i]}>
                  <Inlines nodes={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ListView({ block }: { block: Extract<Block, { kind: "list" }> }) {
  const items = block.items.map((item, index) => (
    <li key={index}>
      <Item blocks={item} />
    </li>
  ));
  return block.start === null ? <ul>{items}</ul> : <ol start={block.start}>{items}</ol>;
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
        <blockquote dir="auto">
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
