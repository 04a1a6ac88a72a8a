// What is being written, what stands behind it, and which files it leaves out. All is kept for as long as the tab is:
// a browser that needs the room lets a page go, and loads it anew.

import { batch, computed, effect, signal } from "@preact/signals";
import { user, wasEnded } from "../api/session.ts";
import { unsentWords } from "../chats/turns.ts";
import { excluded } from "../files/store.ts";
import { recall, remember } from "../memory.ts";

const KEY = "lectern-draft";

interface Kept {
  userId: number;
  draft: string;
  aside: readonly string[];
  excluded: readonly number[];
  /** Whether the session has ended by itself since: it stays for its writer, however the page is loaded. */
  isLeftOpen?: boolean;
}

export const draft = signal("");
export const focusAsked = signal(0);

/** What made way for an earlier question, or came to nothing; the last of it comes into the field first. */
const aside = signal<readonly string[]>([]);
/** The question that came back: as long as nobody has changed it, nothing is lost with it. */
let edited = "";

export function editQuestion(text: string): void {
  const written = draft.value;
  batch(() => {
    if (written.trim() && written !== edited) aside.value = [...aside.value, written];
    draft.value = text;
    focusAsked.value += 1;
  });
  edited = text;
}

/** Once what stands here was asked: what stands behind it comes in its place. */
export function restoreDraft(): void {
  batch(() => {
    draft.value = aside.value.at(-1) ?? "";
    aside.value = aside.value.slice(0, -1);
  });
  edited = "";
}

/** Keep the words of questions that came to nothing: in the field, or behind what is being written. */
export function returnWords(questions: string[]): void {
  aside.value = [...aside.value, ...questions];
  if (!draft.value.trim()) restoreDraft();
}

function keep(kept: Kept | null): void {
  remember("tab", KEY, kept && JSON.stringify(kept));
}

function findKept(): Kept | null {
  try {
    return JSON.parse(recall("tab", KEY) ?? "null");
  } catch {
    return null;
  }
}

/** Who writes here; null before that is known, and once they have left. */
let writerId: number | null = null;

/** Go on with what a user has left here; what is another's goes. */
function takeUp(userId: number): void {
  if (userId === writerId) return;
  writerId = userId;
  const found = findKept();
  if (found?.userId !== userId) keep(null);
  else
    batch(() => {
      draft.value = found.draft;
      aside.value = found.aside;
      excluded.value = new Set(found.excluded);
      if (!found.draft.trim()) restoreDraft();
    });
}

function forget(): void {
  writerId = null;
  edited = "";
  batch(() => {
    draft.value = "";
    aside.value = [];
    excluded.value = new Set();
  });
  keep(null);
}

/** After a session that ended by itself one goes on where one was. */
function leaveOpen(): void {
  const found = findKept();
  if (found) keep({ ...found, isLeftOpen: true });
}

/** Whether nobody comes back to it. */
function isLeft(now: null | undefined): boolean {
  return now === null ? !wasEnded.peek() && !findKept()?.isLeftOpen : writerId !== null;
}

effect(() => {
  const now = user.value;
  if (now === null && wasEnded.peek()) leaveOpen();
  if (now) takeUp(now.id);
  else if (isLeft(now)) forget();
});

/** As it is kept: it is the same at nearly every word of an answer, and then nothing is to do. */
const left = computed(() => {
  const written = [...aside.value, draft.value];
  const asked = unsentWords().filter((words) => !written.includes(words));
  const words = [...aside.value, ...asked];
  const isAnything = draft.value || words.length || excluded.value.size;
  return isAnything
    ? JSON.stringify({ draft: draft.value, aside: words, excluded: [...excluded.value] })
    : null;
});

effect(() => {
  const kept = left.value;
  if (writerId !== null) keep(kept && { userId: writerId, ...JSON.parse(kept) });
});
