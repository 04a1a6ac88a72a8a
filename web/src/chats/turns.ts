// The open chat: its questions with their answers as far as they have come.

import { type Signal, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import type { Citation, Query } from "../schema.ts";

export interface Turn {
  key: string;
  /** Null until the server has written the question down. */
  queryId: number | null;
  /** The chat it was asked in; null for the first question of a new one. */
  askedIn: string | null;
  queryText: string;
  fileIds: number[] | null;
  response: string;
  citations: Citation[];
  status: Query["status"];
  /** How many passages were found; null until they are. */
  passageCount: number | null;
  /** Why there is no proper end, where that is known. */
  ending: "stopped" | "lost" | Failure | null;
  /** Whether it is being made in this page right now. */
  isRunning: boolean;
}

const PAGE = 100;

export const turns = signal<Signal<Turn>[]>([]);
export const chatId = signal<string | null>(null);
export const chatState = signal<"loading" | "loaded" | Failure>("loaded");

/** Answers that this page is receiving, also while another chat is open. */
export const live = new Map<number, Signal<Turn>>();

export function storedTurn(query: Query, key = `query-${query.id}`): Turn {
  return {
    key,
    queryId: query.id,
    askedIn: query.chat_id,
    queryText: query.query_text,
    fileIds: null,
    response: query.response,
    citations: query.citations,
    status: query.status,
    passageCount: null,
    ending: null,
    isRunning: false,
  };
}

async function fetchQueries(id: string): Promise<Query[]> {
  const found: Query[] = [];
  let cursor: string | null = null;
  do {
    const page: { queries: Query[]; next_cursor: string | null } = await send(
      "get",
      "/api/history/{chat_id}",
      { path: { chat_id: id }, query: { limit: PAGE, cursor } },
    );
    found.push(...page.queries);
    cursor = page.next_cursor;
  } while (cursor && chatId.value === id);
  return found;
}

function arrange(queries: Query[]): void {
  turns.value = queries.map((query) => live.get(query.id) ?? signal(storedTurn(query)));
  chatState.value = "loaded";
}

/** Open a chat, or (null) begin a new one. */
export async function openChat(id: string | null): Promise<void> {
  if (id === chatId.value && chatState.value === "loaded") return;
  chatId.value = id;
  turns.value = [];
  chatState.value = id ? "loading" : "loaded";
  if (!id) return;
  try {
    const queries = await fetchQueries(id);
    if (chatId.value === id) arrange(queries);
  } catch (error) {
    if (chatId.value === id) chatState.value = asFailure(error);
  }
}

/** Look again at a chat of which an answer is made elsewhere: in another tab, or before a reload. */
export async function lookAgain(): Promise<void> {
  const id = chatId.value;
  if (!id) return;
  const queries = await fetchQueries(id).catch(() => null);
  if (queries && chatId.value === id) arrange(queries);
}
