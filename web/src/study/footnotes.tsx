// The sources under an answer, as a book has them: number, file, page, and the very words.

import { useEffect } from "preact/hooks";
import { isGone, languageOf, seekFiles } from "../files/store.ts";
import type { Citation } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { citationHref, placeOf } from "./chip.tsx";

export function Footnotes({ citations }: { citations: Citation[] }) {
  useEffect(() => seekFiles(citations.map((citation) => citation.file_id)), [citations]);
  if (!citations.length) return null;
  return (
    <div class="footnotes">
      <ol aria-label={strings.value.answer.sources}>
        {citations.map((citation) => (
          <li key={citation.marker} value={citation.marker}>
            <a href={citationHref(citation)}>
              <span class="number" aria-hidden="true">
                {citation.marker}
              </span>
              <span>
                <span class="where">
                  <span dir="auto">{citation.filename}</span>, {placeOf(citation)}
                  {isGone(citation.file_id) && ` · ${strings.value.answer.deleted}`}
                </span>
                <q lang={languageOf(citation.file_id)} dir="auto">
                  {citation.quote}
                </q>
              </span>
            </a>
          </li>
        ))}
      </ol>
    </div>
  );
}
