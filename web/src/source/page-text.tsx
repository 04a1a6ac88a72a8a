// The text of a page as it was read, with the quoted words marked.

import { useEffect, useRef } from "preact/hooks";
import { cutAt } from "../markdown/offsets.ts";
import type { Place } from "../routes.ts";
import type { File as CourseFile } from "../schema.ts";
import { language, strings } from "../strings/index.ts";
import { unwrap } from "./unwrap.ts";

/** Bring the quoted words to the middle; nothing but the sheet itself is to move. */
function center(mark: HTMLElement): void {
  const sheet = mark.closest(".source-body");
  if (!sheet) return;
  const offset = mark.getBoundingClientRect().top - sheet.getBoundingClientRect().top;
  sheet.scrollTop += offset - sheet.clientHeight / 3;
}

interface Props {
  text: string;
  kind: CourseFile["page_kind"];
  /** The language of the file, where it is known. */
  lang: string | undefined;
  quote: Place["quote"];
}

export function PageTextView({ text: written, kind, lang, quote }: Props) {
  const { source: s, direction } = strings.value;
  const mark = useRef<HTMLElement>(null);
  const text = unwrap(written);
  useEffect(() => {
    if (mark.current) center(mark.current);
    // Also where the same words are asked for again, which makes another quote of them.
  }, [text, quote]);
  if (!text.trim()) return <p class="hint">{s.blank(kind)}</p>;
  if (!quote)
    return (
      <div class="page-text" lang={lang} dir="auto">
        {text}
      </div>
    );
  const [before, quoted, after] = cutAt(text, quote.start, quote.end);
  return (
    <div class="page-text" lang={lang} dir="auto">
      {before}
      {/* With a direction of its own it does not decide that of the page. */}
      <span class="visually-hidden" lang={language.value} dir={direction}>
        {s.marked}
      </span>
      <mark ref={mark}>{quoted}</mark>
      {after}
    </div>
  );
}
