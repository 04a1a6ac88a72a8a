// The quote of the chip under the pointer or the focus. Escape puts it away.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { languageOf } from "../files/store.ts";
import { isEscape } from "../ui/escape.ts";
import { placeOf } from "./chip.tsx";
import { dropQuote, hideQuote, holdQuote, type Preview, preview } from "./preview.ts";

const GAP = 8;

/** Below the chip, or above it where there is no room; within the window. */
function position(card: HTMLElement, chip: HTMLElement): void {
  const at = chip.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = card;
  const isRoom = at.bottom + GAP + height < innerHeight;
  const left = Math.max(GAP, Math.min(at.left - GAP, innerWidth - width - GAP));
  card.style.setProperty("left", `${left}px`);
  card.style.setProperty(
    "top",
    `${isRoom ? at.bottom + GAP : Math.max(GAP, at.top - GAP - height)}px`,
  );
}

function useEscape(): void {
  useLayoutEffect(() => {
    const hide = (event: KeyboardEvent) => {
      if (!isEscape(event) || preview.value === null) return;
      dropQuote();
      // Done with: what the key closes otherwise stays.
      event.preventDefault();
    };
    addEventListener("keydown", hide);
    return () => removeEventListener("keydown", hide);
  }, []);
}

/** Stay beside the chip, wherever it is scrolled to, and go once it is out of sight, or is no more. */
function useChip(card: RefObject<HTMLElement | null>, shown: Preview | null): void {
  useLayoutEffect(() => {
    if (!shown) return;
    const { chip } = shown;
    const move = () => card.current && position(card.current, chip);
    move();
    // The focus itself scrolls to its chip, once this is drawn. Scrolling does not bubble.
    addEventListener("scroll", move, { capture: true, passive: true });
    const observer = new IntersectionObserver((seen) => seen.at(-1)?.isIntersecting || dropQuote());
    observer.observe(chip);
    return () => {
      removeEventListener("scroll", move, { capture: true });
      observer.disconnect();
    };
  }, [shown]);
}

export function QuoteCard() {
  const card = useRef<HTMLDivElement>(null);
  const shown = preview.value;
  useEscape();
  useChip(card, shown);
  if (!shown) return null;
  const { citation } = shown;
  return (
    <div
      ref={card}
      id="quote-card"
      class="quote-card"
      role="tooltip"
      onPointerEnter={holdQuote}
      onPointerLeave={hideQuote}
    >
      <p class="quote" lang={languageOf(citation.file_id)} dir="auto">
        {citation.quote}
      </p>
      <p class="meta">
        <span dir="auto">{citation.filename}</span> · {placeOf(citation)}
      </p>
    </div>
  );
}
