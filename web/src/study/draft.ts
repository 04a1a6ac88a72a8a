// What is being written, and what has made way for it.

import { batch, signal } from "@preact/signals";

export const draft = signal("");
export const focusAsked = signal(0);

/** What stood here before earlier questions came back to be edited; the last of it returns first. */
let aside: readonly string[] = [];
/** The question that came back: as long as nobody has changed it, nothing is lost with it. */
let edited = "";

export function editQuestion(text: string): void {
  const written = draft.value;
  if (written.trim() && written !== edited) aside = [...aside, written];
  edited = text;
  batch(() => {
    draft.value = text;
    focusAsked.value += 1;
  });
}

/** Once what stands here was asked: what made way for it returns. */
export function restoreDraft(): void {
  draft.value = aside.at(-1) ?? "";
  aside = aside.slice(0, -1);
  edited = "";
}
