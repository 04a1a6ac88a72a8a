// The open chat: its questions with their answers as far as they have come.

import { type Signal, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure } from "../api/problems.ts";
import type { Chat, Citation, Query } from "../schema.ts";
import { keepTitles } from "./store.ts";

export interface Turn {
  key: string;
  /** Null until the server has written the question down. */
  queryId: number | null;
  /** The chat it was asked in; null for the first question of a new one. */
  askedIn: string | null;
  /** When, by the clock of this device, in milliseconds since 1970; null for one that the server told of. */
  askedAt: number | null;
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
  /** Whether it is, after a lost connection, by the server alone as yet. */
  isAwaited: boolean;
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
    askedAt: null,
    queryText: query.query_text,
    fileIds: null,
    response: query.response,
    citations: query.citations,
    status: query.status,
    passageCount: null,
    ending: null,
    isRunning: false,
    isAwaited: false,
  };
}

/** Where the page of its chat begins that each question was found on. */
const places = new Map<number, string | null>();

/** Fetch the questions of a chat, from the beginning of a page on. */
async function fetchQueries(id: string, place: string | null = null): Promise<Query[]> {
  const found: Query[] = [];
  let cursor = place;
  do {
    const page: { chat: Chat; queries: Query[]; next_cursor: string | null } = await send(
      "get",
      "/api/history/{chat_id}",
      { path: { chat_id: id }, query: { limit: PAGE, cursor } },
    );
    keepTitles([page.chat]);
    for (const query of page.queries) places.set(query.id, cursor);
    found.push(...page.queries);
    cursor = page.next_cursor;
  } while (cursor && chatId.value === id);
  return found;
}

/** Whether it is being made in another tab, or was when this page was loaded. */
export function isElsewhere({ status, isRunning }: Turn): boolean {
  return status === "streaming" && !isRunning;
}

/** Bring the turns that are here up to date, and return those that are not: nothing here goes. */
function takeIn(queries: Query[]): Signal<Turn>[] {
  const here = new Map(turns.value.map((turn) => [turn.value.queryId, turn]));
  for (const query of queries) {
    const turn = here.get(query.id);
    if (turn && isElsewhere(turn.value)) turn.value = storedTurn(query, turn.value.key);
  }
  const others = queries.filter(({ id }) => !here.has(id));
  return others.map((query) => live.get(query.id) ?? signal(storedTurn(query)));
}

/** What was asked in chats that are not open, and is nowhere but here: when one comes back, so does it. */
const unsent = new Map<string | null, Signal<Turn>[]>();

/** Whether the server may not have written it down. Who has stopped it does not look for it. */
function isUnsent({ value: { queryId, isRunning, ending } }: Signal<Turn>): boolean {
  return queryId === null && (isRunning || ending !== "stopped");
}

function isAmong(queryText: string, others: Signal<Turn>[]): boolean {
  return others.some(({ value }) => value.queryText === queryText);
}

function takeUnsent(id: string | null): Signal<Turn>[] {
  const kept = unsent.get(id) ?? [];
  unsent.delete(id);
  // What was on its way may have arrived meanwhile.
  return kept.filter(isUnsent);
}

/** What was asked again after it is nothing to keep. */
function areUnsent(asked: Signal<Turn>[]): Signal<Turn>[] {
  return asked.filter(
    (turn, index) => isUnsent(turn) && !isAmong(turn.value.queryText, asked.slice(index + 1)),
  );
}

/** The words of questions that are nowhere but here. */
export function unsentWords(): string[] {
  const found = [turns.value, ...unsent.values()].flatMap(areUnsent);
  return found.map(({ value }) => value.queryText);
}

function keepUnsent(): void {
  unsent.set(chatId.value, [...takeUnsent(chatId.value), ...areUnsent(turns.value)]);
}

/** All that was asked and is here: in the open chat, and then in the others. */
export function everyTurn(): Signal<Turn>[] {
  return [...turns.value, ...[...unsent.values()].flat()];
}

/** Take what came to nothing in a chat; what is still on its way stays where it is. */
function takeFailed(id: string | null): Signal<Turn>[] {
  const kept = takeUnsent(id);
  const isOnItsWay = ({ value }: Signal<Turn>) => value.isRunning;
  unsent.set(id, kept.filter(isOnItsWay));
  return kept.filter((turn) => !isOnItsWay(turn));
}

/** Show what came to nothing after its chat was cleared for another question. */
export function bringBack(): void {
  turns.value = [...turns.value, ...takeFailed(chatId.value)];
}

/** Clear the new chat for another question. Returns the words of those that came to nothing. */
export function clearNewChat(): string[] {
  keepUnsent();
  turns.value = [];
  return takeFailed(null).map(({ value }) => value.queryText);
}

/** Whether a question of which nobody heard is among those that the server has. */
function isFound({ value: { queryId, ending, queryText } }: Signal<Turn>, found: Signal<Turn>[]) {
  return queryId === null && ending === "lost" && isAmong(queryText, found);
}

/** Take in what the server has, in its order; what is nowhere but here comes after it. */
function show(found: Signal<Turn>[]): void {
  const isStored = ({ value }: Signal<Turn>) => value.queryId !== null;
  const others = turns.value.filter((turn) => !isFound(turn, found));
  const stored = [...found, ...others.filter(isStored)];
  stored.sort((one, other) => Number(one.value.queryId) - Number(other.value.queryId));
  turns.value = [...stored, ...others.filter((turn) => !isStored(turn))];
}

/** Open a chat, or (null) begin a new one. */
export async function openChat(id: string | null): Promise<void> {
  if (id === chatId.value && chatState.value === "loaded") return;
  // Another try to load a chat keeps what was asked in it meanwhile.
  if (id !== chatId.value) {
    keepUnsent();
    turns.value = takeUnsent(id);
  }
  chatId.value = id;
  chatState.value = id ? "loading" : "loaded";
  if (!id) return;
  try {
    const queries = await fetchQueries(id);
    if (chatId.value !== id) return;
    show(takeIn(queries));
    chatState.value = "loaded";
  } catch (error) {
    if (chatId.value === id) chatState.value = asFailure(error);
  }
}

/** Look what the open chat has from a question on: what was asked before it is here, and changes no more. */
async function lookFrom(queryId: number | null | undefined): Promise<void> {
  const id = chatId.value;
  if (!id || !queryId) return;
  const queries = await fetchQueries(id, places.get(queryId)).catch(() => null);
  if (queries && chatId.value === id) show(takeIn(queries));
}

/** Look again at a chat of which an answer is made elsewhere: in another tab, or before a reload. */
export function lookAgain(): Promise<void> {
  return lookFrom(turns.value.find(({ value }) => isElsewhere(value))?.value.queryId);
}

/** Look what was asked in the open chat on another device. */
export async function refreshChat(): Promise<void> {
  const isIdle = chatState.value === "loaded" && !turns.value.some(({ value }) => value.isRunning);
  if (isIdle) await lookFrom(turns.value.findLast(({ value }) => value.queryId)?.value.queryId);
}
