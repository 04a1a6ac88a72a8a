// The quote that is shown beside its chip, while the pointer or the focus is there.

import { signal } from "@preact/signals";
import { route } from "../routes.ts";
import type { Citation } from "../schema.ts";

export interface Preview {
  citation: Citation;
  chip: HTMLElement;
}

export const preview = signal<Preview | null>(null);

const LINGER_MILLISECONDS = 150;
let leaving = 0;

export function showQuote(shown: Preview): void {
  clearTimeout(leaving);
  preview.value = shown;
}

/** Hide the quote, unless the pointer moves onto it meanwhile. */
export function hideQuote(): void {
  clearTimeout(leaving);
  leaving = window.setTimeout(() => {
    preview.value = null;
  }, LINGER_MILLISECONDS);
}

/** Hide the quote at once: it is done with. */
export function dropQuote(): void {
  clearTimeout(leaving);
  preview.value = null;
}

export function holdQuote(): void {
  clearTimeout(leaving);
}

// Its chip is elsewhere then, or is gone, and the pointer leaves nothing that is gone.
route.subscribe(dropQuote);
