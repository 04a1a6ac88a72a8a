// The sources under an answer, as a book has them: number, file, page, and the very words.

import { files, filesState, languageOf } from "../files/store.ts";
import type { Citation } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { citationHref, placeOf } from "./chip.tsx";

function isDeleted(citation: Citation): boolean {
  return filesState.value === "loaded" && !files.value.some((file) => file.id === citation.file_id);
}

export function Footnotes({ citations }: { citations: Citation[] }) {
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
                  {isDeleted(citation) && ` · ${strings.value.answer.deleted}`}
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
