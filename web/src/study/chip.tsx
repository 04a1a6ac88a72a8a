// A citation in the text: a number that opens the page, and shows the quote before that.

import { href, studyRoute, withPlace } from "../routes.ts";
import type { Citation } from "../schema.ts";
import { kindOf } from "../source/kind.ts";
import { strings } from "../strings/index.ts";
import { dropQuote, hideQuote, preview, showQuote } from "./preview.ts";

export function placeOf(citation: Citation): string {
  const kind = kindOf(citation.file_id, citation.filename);
  return strings.value.files.place(citation.page, kind);
}

export function citationHref({ file_id: file, page, start, end }: Citation): string {
  return href(withPlace({ file, page, quote: { start, end } }));
}

function isOpen({ file_id: file, page, start }: Citation): boolean {
  const { place } = studyRoute();
  return place?.file === file && place.page === page && place.quote?.start === start;
}

export function Chip({ citation }: { citation: Citation }) {
  const show = (chip: HTMLElement) => showQuote({ citation, chip });
  const isShown = preview.value?.citation === citation;
  return (
    <a
      class="chip"
      href={citationHref(citation)}
      aria-label={strings.value.answer.citation(
        citation.marker,
        citation.filename,
        placeOf(citation),
      )}
      aria-describedby={isShown ? "quote-card" : undefined}
      aria-current={isOpen(citation) ? "true" : undefined}
      onPointerEnter={(event) => event.pointerType === "mouse" && show(event.currentTarget)}
      onPointerLeave={hideQuote}
      onFocus={(event) =>
        event.currentTarget.matches(":focus-visible") && show(event.currentTarget)
      }
      onBlur={hideQuote}
      onClick={dropQuote}
    >
      {citation.marker}
    </a>
  );
}
