// The text of a page as it was read, with the quoted words marked.

import { useEffect, useRef } from "preact/hooks";
import { cutAt } from "../markdown/offsets.ts";
import type { Place } from "../routes.ts";
import { strings } from "../strings/index.ts";

export function PageTextView({ text, quote }: { text: string; quote: Place["quote"] }) {
  const s = strings.value.source;
  const mark = useRef<HTMLElement>(null);
  useEffect(() => {
    mark.current?.scrollIntoView({ block: "center" });
  }, [text, quote?.start, quote?.end]);
  if (!text.trim()) return <p class="hint">{s.blank}</p>;
  if (!quote)
    return (
      <div class="page-text" dir="auto">
        {text}
      </div>
    );
  const [before, quoted, after] = cutAt(text, quote.start, quote.end);
  return (
    <div class="page-text" dir="auto">
      {before}
      <span class="visually-hidden">{s.marked}</span>
      <mark ref={mark}>{quoted}</mark>
      {after}
    </div>
  );
}
