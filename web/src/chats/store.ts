// The list of chats: searched, renamed, deleted with some seconds to think again.

import { batch, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure, isAbort, isNotFound, isUnloaded } from "../api/problems.ts";
import { delaySignOut, holdToken, onFarewell, user } from "../api/session.ts";
import { printable } from "../api/text.ts";
import { onceOnline } from "../connection.ts";
import type { Chat } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { reportFailure } from "../ui/reports.tsx";

const PAGE = 30;
/** What the server sends at once. */
const MOST = 100;
const TYPING_MILLISECONDS = 180;
const UNDO_MILLISECONDS = 7_000;

export const chats = signal<Chat[]>([]);
export const chatsState = signal<"loading" | "loaded" | Failure>("loading");
export const search = signal("");
/** Which words the list was searched for that is here; other ones may have been typed since. */
export const searched = signal("");
export const hasMore = signal(false);
/** The titles of all chats that were heard of, whether they are in the list just now or not. */
export const titles = signal<Readonly<Record<string, string>>>({});

/** How many chats the list shows; loading it anew, as after each answer, does not fold it. */
let wanted = PAGE;
let pending: AbortController | null = null;
let typing = 0;

export function keepTitles(heard: Chat[]): void {
  const named = heard.map(({ chat_id, title }) => [chat_id, title]);
  titles.value = { ...titles.value, ...Object.fromEntries(named) };
}

async function fetchChats(signal: AbortSignal): Promise<void> {
  const found: Chat[] = [];
  const words = search.value;
  let cursor: string | null = null;
  do {
    const limit = Math.min(MOST, wanted - found.length);
    const query = { q: printable(words), limit, cursor };
    const page: { chats: Chat[]; next_cursor: string | null } = await send("get", "/api/history", {
      query,
      signal,
    });
    found.push(...page.chats);
    cursor = page.next_cursor;
  } while (cursor && found.length < wanted);
  const isHere = ({ chat_id }: Chat) => !doomed.has(chat_id) && !deleted.has(chat_id);
  batch(() => {
    keepTitles(found);
    chats.value = found.filter(isHere);
    hasMore.value = cursor !== null;
    searched.value = words;
  });
}

/** Raises a Failure, or an AbortError where it is asked for once more meanwhile. */
async function takeList(): Promise<void> {
  clearTimeout(typing);
  pending?.abort();
  const own = new AbortController();
  pending = own;
  try {
    await fetchChats(own.signal);
    chatsState.value = "loaded";
  } finally {
    if (pending === own) pending = null;
  }
}

export async function loadChats(): Promise<void> {
  try {
    await takeList();
  } catch (error) {
    if (!isAbort(error)) chatsState.value = asFailure(error);
  }
}

/** The same unasked: where it fails, the list that is here stays as it is. */
export async function refreshChats(): Promise<void> {
  await takeList().catch((error) => isAbort(error) || asFailure(error));
}

// As the list of files does.
onceOnline(() => user.value != null && isUnloaded(chatsState.value), loadChats);

export function loadMoreChats(): Promise<void> {
  wanted += PAGE;
  return loadChats();
}

/** Search as one types. */
export function searchChats(words: string): void {
  search.value = words;
  wanted = PAGE;
  clearTimeout(typing);
  typing = window.setTimeout(loadChats, words ? TYPING_MILLISECONDS : 0);
}

export async function renameChat(chatId: string, title: string): Promise<void> {
  const options = { path: { chat_id: chatId }, body: { title } };
  const renamed = await send("patch", "/api/history/{chat_id}", options);
  keepTitles([renamed]);
  chats.value = chats.value.map((chat) => (chat.chat_id === chatId ? renamed : chat));
  if (pending) loadChats(); // the list that is on its way may be older
}

/** Chats that disappear for good unless the user takes it back in time. */
export const deletions = signal<readonly Chat[]>([]);
const doomed = new Map<string, number>();
/** What is gone: a list that is older may still tell of it. */
const deleted = new Set<string>();

/** Those whose undo somebody is at just now. */
const held = new Set<string>();

/** What to call once they are gone or back. */
const settle = new Map<string, () => void>();

/** Begin the time to think again, from its start. */
function arm(chat: Chat): void {
  clearTimeout(doomed.get(chat.chat_id));
  holdToken(UNDO_MILLISECONDS).catch(asFailure); // if it fails, the deletion will say so
  const end = () => (held.has(chat.chat_id) ? arm(chat) : begin(chat));
  doomed.set(chat.chat_id, window.setTimeout(end, UNDO_MILLISECONDS));
}

export function deleteChat(chat: Chat): void {
  chats.value = chats.value.filter((other) => other.chat_id !== chat.chat_id);
  deletions.value = [...deletions.value, chat];
  delaySignOut(new Promise((resolve) => settle.set(chat.chat_id, resolve)));
  arm(chat);
}

/** Let no time pass while somebody is at the undo, and all of it once they have left. */
export function holdDeletion(chat: Chat, isHeld: boolean): void {
  if (!deletions.value.includes(chat)) return; // the undo goes, and with it the focus
  if (isHeld) held.add(chat.chat_id);
  else held.delete(chat.chat_id);
  arm(chat);
}

export function undoDelete(chat: Chat): void {
  clearTimeout(doomed.get(chat.chat_id));
  forget(chat);
  announce(strings.value.chats.restored(chat.title));
  loadChats();
}

function forget(chat: Chat): void {
  doomed.delete(chat.chat_id);
  held.delete(chat.chat_id);
  settle.get(chat.chat_id)?.();
  settle.delete(chat.chat_id);
  deletions.value = deletions.value.filter((other) => other !== chat);
}

/** Delete for good what could be taken back until now. Raises the Failure that kept it. */
async function carryOut(chat: Chat): Promise<void> {
  clearTimeout(doomed.get(chat.chat_id));
  deletions.value = deletions.value.filter((other) => other !== chat);
  try {
    const options = { path: { chat_id: chat.chat_id }, keepalive: true };
    await send("delete", "/api/history/{chat_id}", options);
    deleted.add(chat.chat_id);
    forget(chat);
  } catch (error) {
    forget(chat);
    const failure = asFailure(error);
    if (isNotFound(failure)) return;
    // Not deleted: it comes back into the list rather than only seeming to be gone.
    reportFailure(strings.value.failures.deleteChat(chat.title), failure);
    await loadChats();
    throw failure;
  }
}

const underWay = new Set<Promise<void>>();

function begin(chat: Chat): void {
  const deletion = carryOut(chat);
  underWay.add(deletion);
  deletion.catch(asFailure).finally(() => underWay.delete(deletion));
}

function beginAll(): void {
  for (const chat of deletions.value) begin(chat);
}

/** Delete for good, at once, whatever waits for it. Raises a Failure if something is not deleted. */
export async function finishDeletions(): Promise<void> {
  beginAll();
  await Promise.all(underWay);
}

// Whoever closes the page meant it; and whoever signs out leaves nobody to do it later.
addEventListener("pagehide", beginAll);
onFarewell(beginAll);
