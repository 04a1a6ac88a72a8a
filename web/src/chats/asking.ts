// Asking a question: the answer grows as it arrives, and what arrived is never taken away.

import { batch, computed, type Signal, signal } from "@preact/signals";
import { readEvents, type ServerEvent } from "../api/events.ts";
import {
  ConnectionLost,
  isAbort,
  isNotFound,
  isOfGateway,
  isProblem,
  Problem,
} from "../api/problems.ts";
import { authorised, user } from "../api/session.ts";
import { AGAIN_MILLISECONDS, MOST_TRIES } from "../connection.ts";
import { chosenFiles, isAllChosen, isListed, loadFiles } from "../files/store.ts";
import { until, wait } from "../files/waiting.ts";
import { settle } from "../routes.ts";
import type { Citation, ProblemDetails, Query } from "../schema.ts";
import { returnWords } from "../study/draft.ts";
import { loadChats } from "./store.ts";
import {
  bringBack,
  chatId,
  everyTurn,
  live,
  lookAgain,
  storedTurn,
  type Turn,
  turns,
} from "./turns.ts";

const LATER_MILLISECONDS = 5_000;
/** The server keeps the key of a question for 24 h. */
const KEY_MILLISECONDS = 23 * 3_600_000;

const running = new Map<string, AbortController>();

function newTurn(queryText: string): Turn {
  return {
    key: crypto.randomUUID?.() ?? String(Math.random()),
    queryId: null,
    askedIn: chatId.value,
    askedAt: Date.now(),
    queryText,
    fileIds: isAllChosen.value ? null : chosenFiles.value.map((file) => file.id),
    response: "",
    citations: [],
    status: "streaming",
    passageCount: null,
    ending: null,
    isRunning: true,
    isAwaited: false,
  };
}

/** The answer that is arriving in the open chat. */
export const runningTurn = computed(() => turns.value.find((turn) => turn.value.isRunning));

const isLost = ({ value }: Signal<Turn>) => value.ending === "lost";

/** Whether the question that begins this chat was lost: another one now would begin a second. */
export const isFirstLost = computed(() => !chatId.value && turns.value.some(isLost));

/** Of some file: whoever asks before the list is here asks all, unless they have left some out. */
const hasScope = computed(() =>
  isListed.value ? chosenFiles.value.length > 0 : isAllChosen.value,
);

/** One question at a time. */
export const canAsk = computed(() => !runningTurn.value && !isFirstLost.value && hasScope.value);

/** Ask in the open chat, or begin one: each question is paid for, a second press asks none. */
export function ask(queryText: string): void {
  if (!canAsk.value) return;
  const turn = signal(newTurn(queryText));
  turns.value = [...turns.value, turn];
  answer(turn);
}

/** Whether the server may have forgotten the key of a question that it has: sent again it would be another. */
function isForgotten({ queryId, askedAt }: Turn): boolean {
  return queryId !== null && Date.now() - (askedAt ?? 0) > KEY_MILLISECONDS;
}

/** After a lost connection: take the answer as far as the server has it, and never ask it twice. */
async function fetchSaved(turn: Signal<Turn>): Promise<void> {
  if (isForgotten(turn.value)) {
    // As one that is made elsewhere it is looked for in its chat.
    turn.value = { ...turn.value, status: "streaming", ending: null };
    return lookAgain();
  }
  turn.value = { ...turn.value, status: "streaming", ending: null, isRunning: true };
  await answer(turn, MOST_TRIES);
}

/** The same, for a reader who wants the whole answer: if the server has half of it, it is asked anew. */
export async function goOn(turn: Signal<Turn>): Promise<void> {
  if (runningTurn.value) return;
  const wasHalf = turn.value.queryId !== null;
  await fetchSaved(turn);
  const { status, ending, queryText } = turn.value;
  const isHalf = (status === "interrupted" || status === "failed") && ending === null;
  if (wasHalf && isHalf && turns.value.includes(turn)) ask(queryText);
}

/** Go through what was lost, one after the other as it was asked, whichever chat is open. */
async function fetchLost(): Promise<void> {
  for (const turn of everyTurn()) {
    while (runningTurn.value) await until(() => !runningTurn.value);
    if (isLost(turn) && everyTurn().includes(turn)) await fetchSaved(turn);
  }
}

let catchingUp = Promise.resolve();

addEventListener("online", () => {
  if (user.value) catchingUp = catchingUp.then(fetchLost, fetchLost);
});

/** Whether its chat is known, so that the next question can be asked in that. */
const isInChat = ({ askedIn, queryId }: Turn) => askedIn !== null || queryId !== null;

/**
 * Stop an answer. The question that begins a chat has most likely begun one on the server: where that
 * has not been told yet it is waited for, or the next question would begin another. A second press
 * waits no longer.
 */
export function stop(turn: Signal<Turn>): void {
  const { key, ending, isAwaited } = turn.value;
  if (isInChat(turn.value) || isAwaited || ending === "stopped") running.get(key)?.abort();
  else turn.value = { ...turn.value, ending: "stopped" };
}

async function post(
  { key, askedIn, queryText, fileIds }: Turn,
  signal: AbortSignal,
): Promise<Response> {
  const body = {
    query_text: queryText,
    ...(askedIn ? { chat_id: askedIn } : {}),
    ...(fileIds ? { file_ids: fileIds } : {}),
  };
  const headers = {
    "Content-Type": "application/json",
    Accept: "text/event-stream",
    // The same question sent again after a lost reply is not asked, nor paid for, twice.
    "Idempotency-Key": key,
  };
  const init = { method: "POST", body: JSON.stringify(body), headers, signal };
  try {
    return await authorised("/api/query", init);
  } catch (error) {
    throw isOfGateway(error) ? new ConnectionLost() : error;
  }
}

/** Wait until the server may have noticed that the connection was lost, or answered to the end. */
async function awaitServer(turn: Signal<Turn>, { retryAt }: Problem, signal: AbortSignal) {
  // That may take minutes: it is the same to stop that as to wait no longer for its beginning.
  if (turn.value.ending === "stopped") running.get(turn.value.key)?.abort();
  else turn.value = { ...turn.value, isAwaited: true };
  await wait(retryAt ? retryAt - Date.now() : LATER_MILLISECONDS, signal);
}

/** Ask, as often as the server is not reached, and for as long as it is still at the same question. */
async function request(turn: Signal<Turn>, most: number, signal: AbortSignal): Promise<Response> {
  for (let failures = 0; ; signal.throwIfAborted()) {
    try {
      return await post(turn.value, signal);
    } catch (error) {
      if (isProblem(error, "idempotency-conflict")) await awaitServer(turn, error, signal);
      else if (error instanceof ConnectionLost && navigator.onLine && ++failures < most)
        await wait(AGAIN_MILLISECONDS * failures, signal);
      else throw error;
    }
  }
}

async function answer(turn: Signal<Turn>, mostRequests = 1): Promise<void> {
  const abort = new AbortController();
  running.set(turn.value.key, abort);
  try {
    const response = await request(turn, mostRequests, abort.signal);
    if (response.body) await draw(turn, response.body);
    if (turn.value.isRunning) throw new ConnectionLost();
  } catch (error) {
    finish(turn, error);
  } finally {
    running.delete(turn.value.key);
    if (turn.value.queryId) live.delete(turn.value.queryId);
    loadChats();
  }
}

async function draw(turn: Signal<Turn>, body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const events of readEvents(body)) {
    batch(() => {
      for (const event of events) apply(turn, event);
    });
  }
}

function endingAfter(error: unknown, turn: Turn): Turn["ending"] {
  if (isAbort(error)) return isInChat(turn) ? "stopped" : "lost";
  if (error instanceof ConnectionLost) return "lost";
  return error instanceof Problem ? error : null;
}

/** End a turn whatever the reason: while one runs none can be asked. Raises again what is no Failure. */
function finish(turn: Signal<Turn>, error: unknown): void {
  const old = turn.value;
  const ending = endingAfter(error, old);
  if (ending && !old.isRunning) return; // it was told to its end before
  const status = old.response || ending === "stopped" ? "interrupted" : "failed";
  turn.value = { ...old, status, ending, isRunning: false };
  if (old.queryId === null) bringBack();
  if (ending === null) throw error;
  if (isNotFound(ending)) loadFiles();
  // It can be asked in another chat alone.
  if (isProblem(ending, "chat-not-found")) returnWords([old.queryText]);
}

function apply(turn: Signal<Turn>, { event, data }: ServerEvent): void {
  const old = turn.value;
  if (event === "start") settleIn(data as { query_id: number; chat_id: string }, turn);
  else if (event === "passages") turn.value = { ...old, passageCount: (data as unknown[]).length };
  else if (event === "delta") {
    turn.value = { ...old, response: old.response + (data as { text: string }).text };
  } else if (event === "citation") {
    turn.value = { ...old, citations: [...old.citations, data as Citation] };
  } else if (event === "done") {
    turn.value = storedTurn((data as { query: Query }).query, old.key);
  } else if (event === "error") throw new Problem(data as ProblemDetails);
}

/** The first question of a chat tells its id: the address follows, unless the user has moved on. */
function settleIn(start: { query_id: number; chat_id: string }, turn: Signal<Turn>): void {
  // A stream begins with the first word: what a broken one brought is in it again.
  turn.value = { ...turn.value, queryId: start.query_id, response: "", citations: [] };
  live.set(start.query_id, turn);
  // Looked for meanwhile, it may be here a second time.
  turns.value = turns.value.filter(
    (other) => other === turn || other.value.queryId !== start.query_id,
  );
  // Whoever left the chat and came back to it has a list that may not know of it yet.
  if (start.chat_id === chatId.value && !turns.value.includes(turn))
    turns.value = [...turns.value, turn];
  const isHere = turns.value.includes(turn);
  if (isHere && !chatId.value) {
    chatId.value = start.chat_id;
    settle(start.chat_id);
  } else if (start.chat_id !== chatId.value) {
    // Its chat was deleted meanwhile: it has begun another, and is found in that one.
    turns.value = turns.value.filter((other) => other !== turn);
  }
  if (turn.value.ending === "stopped") running.get(turn.value.key)?.abort();
}
