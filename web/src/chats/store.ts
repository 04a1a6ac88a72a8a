// The list of chats: searched, renamed, deleted with some seconds to think again.

import { signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure, isAbort, Problem } from "../api/problems.ts";
import type { Chat } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { reportFailure } from "../ui/reports.tsx";

const PAGE = 30;
const UNDO_MILLISECONDS = 7_000;

export const chats = signal<Chat[]>([]);
export const chatsState = signal<"loading" | "loaded" | Failure>("loading");
export const search = signal("");
export const nextCursor = signal<string | null>(null);

let pending: AbortController | null = null;

async function load(cursor: string | null): Promise<void> {
  pending?.abort();
  pending = new AbortController();
  const { signal } = pending;
  try {
    const query = { q: search.value, limit: PAGE, cursor };
    const page = await send("get", "/api/history", { query, signal });
    const listed = page.chats.filter((chat) => !doomed.has(chat.chat_id));
    chats.value = cursor ? [...chats.value, ...listed] : listed;
    nextCursor.value = page.next_cursor;
    chatsState.value = "loaded";
  } catch (error) {
    if (!isAbort(error)) chatsState.value = asFailure(error);
  }
}

export const loadChats = () => load(null);
export const loadMoreChats = () => load(nextCursor.value);

export async function renameChat(chatId: string, title: string): Promise<void> {
  const options = { path: { chat_id: chatId }, body: { title } };
  const renamed = await send("patch", "/api/history/{chat_id}", options);
  chats.value = chats.value.map((chat) => (chat.chat_id === chatId ? renamed : chat));
}

/** Chats that disappear for good unless the user takes it back in time. */
export const deletions = signal<readonly Chat[]>([]);
const doomed = new Map<string, number>();

export function deleteChat(chat: Chat): void {
  chats.value = chats.value.filter((other) => other.chat_id !== chat.chat_id);
  deletions.value = [...deletions.value, chat];
  doomed.set(
    chat.chat_id,
    window.setTimeout(() => carryOut(chat), UNDO_MILLISECONDS),
  );
}

export function undoDelete(chat: Chat): void {
  clearTimeout(doomed.get(chat.chat_id));
  forget(chat);
  loadChats();
}

function forget(chat: Chat): void {
  doomed.delete(chat.chat_id);
  deletions.value = deletions.value.filter((other) => other !== chat);
}

async function carryOut(chat: Chat, keepalive = false): Promise<void> {
  clearTimeout(doomed.get(chat.chat_id));
  try {
    const options = { path: { chat_id: chat.chat_id }, keepalive };
    await send("delete", "/api/history/{chat_id}", options);
    forget(chat);
  } catch (error) {
    forget(chat);
    const failure = asFailure(error);
    if (failure instanceof Problem && failure.status === 404) return;
    // Not deleted: it comes back into the list rather than only seeming to be gone.
    reportFailure(strings.value.failures.deleteChat(chat.title), failure);
    await loadChats();
  }
}

// Whoever closes the page meant it.
addEventListener("pagehide", () => {
  for (const chat of deletions.value) carryOut(chat, true);
});
