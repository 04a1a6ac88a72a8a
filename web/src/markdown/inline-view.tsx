// Markdown within a paragraph on screen. Only what is named here can ever be drawn.

import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { splitChips } from "./chips.ts";
import { Formula } from "./formula.tsx";
import { parseUrl } from "./links.ts";
import type { Inline } from "./nodes.ts";

export type DrawChip = (citation: number) => ComponentChildren;
export const Chips = createContext<DrawChip>(() => null);

export function Code({ text }: { text: string }) {
  const drawChip = useContext(Chips);
  return splitChips(text).map((piece) =>
    typeof piece === "string" ? piece : drawChip(piece.citation),
  );
}

/**
 * Whether the text of a link is the address itself, so that it names the host already: as it is
 * written by browsers, and all of it, because what only begins like it may be another host.
 */
function isBare(url: URL, [only, ...others]: Inline[]): boolean {
  if (only?.kind !== "text" || others.length) return false;
  return only.text.startsWith(url.origin) && parseUrl(only.text)?.href === url.href;
}

function Link({ url, children }: { url: URL; children: Inline[] }) {
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow" title={url.href}>
      <Inlines nodes={children} />
      {!isBare(url, children) && <span class="host"> ({url.host})</span>}
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

export function Inlines({ nodes }: { nodes: Inline[] }) {
  return nodes.map((node, index) => <InlineView key={index} node={node} />);
}
