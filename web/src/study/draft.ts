// What is being written, and what stands behind it.

import { batch, signal } from "@preact/signals";

export const draft = signal("");
export const focusAsked = signal(0);

/** What made way for an earlier question, or came to nothing; the last of it comes into the field first. */
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

/** Once what stands here was asked: what stands behind it comes in its place. */
export function restoreDraft(): void {
  draft.value = aside.at(-1) ?? "";
  aside = aside.slice(0, -1);
  edited = "";
}

/** Keep the words of questions that came to nothing: in the field, or behind what is being written. */
export function returnWords(questions: string[]): void {
  aside = [...aside, ...questions];
  if (!draft.value.trim()) restoreDraft();
}
