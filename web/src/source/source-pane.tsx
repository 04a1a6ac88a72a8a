// The source: a page of a file with the quoted words, its neighbours, and the original.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Problem } from "../api/problems.ts";
import { findFile, languageOf, seekFiles } from "../files/store.ts";
import { closePlace, go, type Place, withPlace } from "../routes.ts";
import { strings } from "../strings/index.ts";
import { IconButton } from "../ui/button.tsx";
import { isEscape } from "../ui/escape.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { focusWork } from "../ui/focus.ts";
import { kindOf } from "./kind.ts";
import { Original } from "./original.tsx";
import { PageTextView } from "./page-text.tsx";
import { citationOf, leavePage, openPage, page, stateOf } from "./store.ts";

function Gone({ place }: { place: Place }) {
  const s = strings.value.source;
  const citation = citationOf(place);
  return (
    <div class="note">
      <p>{citation ? s.gone : s.goneBare}</p>
      {citation && <blockquote dir="auto">{citation.quote}</blockquote>}
    </div>
  );
}

const isGone = (state: unknown) => state instanceof Problem && state.slug === "file-not-found";

function Content({ place }: { place: Place }) {
  const state = stateOf(place);
  const shown = page.value;
  const isShown = shown?.file === place.file && shown.text.page === place.page;
  if (state === "loaded" && isShown)
    return (
      <PageTextView
        text={shown.text.text}
        kind={kindOf(place.file, citationOf(place)?.filename)}
        lang={languageOf(place.file)}
        quote={place.quote}
      />
    );
  if (typeof state === "string") return <p class="hint">{strings.value.loading}</p>;
  if (isGone(state)) return <Gone place={place} />;
  return (
    <FailureNote failure={state}>
      <Retry failure={state} onRetry={() => openPage(place)} />
    </FailureNote>
  );
}

function Pages({ place }: { place: Place }) {
  const s = strings.value;
  const kind = kindOf(place.file, citationOf(place)?.filename);
  // While a page is loading the one before it tells, if that is of the same file.
  const known = page.value?.file === place.file ? page.value.text.page_count : 0;
  const total = findFile(place.file)?.page_count ?? known;
  if (!total || isGone(stateOf(place))) return null;
  const turn = (by: number) =>
    go(withPlace({ file: place.file, page: place.page + by, quote: null }));
  return (
    <div class="pages">
      <IconButton
        icon="previous"
        label={s.source.previous(kind)}
        disabled={place.page <= 1}
        onClick={() => turn(-1)}
      />
      <span aria-live="polite">{s.source.of(s.files.place(place.page, kind), total)}</span>
      <IconButton
        icon="next"
        label={s.source.next(kind)}
        disabled={place.page >= total}
        onClick={() => turn(1)}
      />
    </div>
  );
}

function Tabs({
  isOriginal,
  onChoose,
}: {
  isOriginal: boolean;
  onChoose: (isOriginal: boolean) => void;
}) {
  const s = strings.value.source;
  return (
    <div class="tabs">
      <button type="button" aria-pressed={!isOriginal} onClick={() => onChoose(false)}>
        {s.text}
      </button>
      <button type="button" aria-pressed={isOriginal} onClick={() => onChoose(true)}>
        {s.original}
      </button>
    </div>
  );
}

/** Escape closes the pane, unless there is something over it to close first. */
function useEscape(): void {
  useLayoutEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isCovered = document.querySelector("dialog[open]") !== null;
      if (isEscape(event) && !isCovered) closePlace();
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}

/** What led to the pane gets the focus back; nothing did where a page was loaded with it. */
function giveBack(opener: Element | null): void {
  if (document.activeElement !== document.body) return;
  if (opener instanceof HTMLElement) opener.focus({ preventScroll: true });
  if (document.activeElement === document.body) focusWork();
}

/** The pane takes the focus when it opens; what led to it last gets it back when it closes. */
function useBorrowedFocus(place: Place) {
  const heading = useRef<HTMLHeadingElement>(null);
  const opener = useRef<Element | null>(null);
  // Asked while drawing: what the pane covers loses the focus as soon as it is there.
  useMemo(() => {
    const active = document.activeElement;
    if (!active?.closest(".source")) opener.current = active;
  }, [place]);
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
    // When all is drawn: what the pane covered takes no focus before that.
    return () => setTimeout(() => giveBack(opener.current));
  }, []);
  return heading;
}

export function SourcePane({ place }: { place: Place }) {
  const s = strings.value;
  const [isOriginal, setOriginal] = useState(false);
  const heading = useBorrowedFocus(place);
  useEscape();
  const file = findFile(place.file);
  const name = file?.filename ?? citationOf(place)?.filename ?? s.source.nameless;
  useLayoutEffect(() => {
    openPage(place);
    seekFiles([place.file]);
    return leavePage;
  }, [place.file, place.page]);
  // Whoever follows a quote wants to see its words, which are marked in the text alone.
  useLayoutEffect(() => {
    if (place.quote) setOriginal(false);
  }, [place]);
  return (
    <aside class="source" aria-label={s.source.label(name)}>
      <header>
        <h2 ref={heading} tabIndex={-1} dir="auto">
          {name}
        </h2>
        <IconButton icon="close" label={s.close} onClick={closePlace} />
        <Pages place={place} />
        {file && <Tabs isOriginal={isOriginal} onChoose={setOriginal} />}
      </header>
      <section
        class="source-body"
        tabIndex={0}
        aria-label={isOriginal ? s.source.original : s.source.text}
      >
        {file && isOriginal ? (
          <Original file={file} page={place.page} />
        ) : (
          <Content place={place} />
        )}
      </section>
    </aside>
  );
}
