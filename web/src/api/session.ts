// Who is signed in. The access token lives in this module and nowhere else; the refresh token is a
// cookie that no script sees.

import { signal } from "@preact/signals";
import { canRemember, recall, remember } from "../memory.ts";
import type { TokenReply, User } from "../schema.ts";
import { navigateUnasked } from "../unload.ts";
import { ConnectionLost, type Problem } from "./problems.ts";
import { problemOf, readJson } from "./replies.ts";
import { hear } from "./silence.ts";

type News =
  | { kind: "refreshed"; reply: TokenReply; at: number }
  | { kind: "ended"; byItself: boolean };

const LOCK = "lectern-refresh";
const UNFINISHED = "lectern-unfinished";
const HINT = "lectern-refreshed-at";
const EARLY_MILLISECONDS = 20_000;
const HEARSAY_MILLISECONDS = 1_000;
const FAREWELL_MILLISECONDS = 3_000;
/** A reply that takes longer does not come; the other tabs wait in the lock meanwhile. */
const PATIENCE_MILLISECONDS = 30_000;
/** A slice of reading ends within 20 s; all else begins to come sooner, a cold start included. */
const REPLY_MILLISECONDS = 75_000;

/** null: nobody is; undefined: not known yet. */
export const user = signal<User | null | undefined>(undefined);
/** Whether a session ended by itself: the sign-in view says so. */
export const wasEnded = signal(false);

/** Another page is about to come in place of this one: nothing is drawn or asked until it is here. */
let isReplaced = false;

let access = { token: "", since: 0, until: 0 };
let lastUserId: number | null = null;
let refreshing: Promise<void> | null = null;
const channel = openChannel("lectern-session");
const farewells = openChannel("lectern-farewell");

/** Where the browser keeps nothing the tabs share nothing either: it is a port that nobody hears. */
function openChannel(name: string): BroadcastChannel {
  if (canRemember()) return new BroadcastChannel(name);
  return new MessageChannel().port1 as EventTarget as BroadcastChannel;
}

/** There are locks only where the browser counts the page as secure, and keeps anything for it. */
const hasLocks = () => "locks" in navigator && canRemember();

/** Whether someone was signed in here the last time: a page without a session asks for none. */
export const isRemembered = () => recall("browser", HINT) !== null;

/** Find out who is there. Raises a Failure where that cannot be told. */
export async function lookWhoIsThere(): Promise<void> {
  if (isReplaced) return;
  if (isRemembered()) await refresh();
  else user.value = null;
}

/** Nothing of who was here may stay in the page's memory; the new page may take its time to come. */
function replacePage(navigate: () => void): void {
  isReplaced = true;
  user.value = undefined;
  navigateUnasked(navigate);
}

function accept(reply: TokenReply, at: number): void {
  if (isReplaced) return;
  if (lastUserId !== null && lastUserId !== reply.user.id) {
    replacePage(() => location.reload());
    return;
  }
  lastUserId = reply.user.id;
  access = { token: reply.access_token, since: at, until: at + reply.expires_in * 1000 };
  user.value = reply.user;
  wasEnded.value = false;
}

/** Take over what a sign-in or a refresh in this tab brought, and tell the other tabs. */
export function begin(reply: TokenReply): void {
  const at = Date.now();
  accept(reply, at);
  remember("browser", HINT, String(at));
  channel.postMessage({ kind: "refreshed", reply, at } satisfies News);
}

function forget(byItself: boolean): void {
  access = { token: "", since: 0, until: 0 };
  // First: who hears that nobody is here asks for the reason.
  wasEnded.value = byItself;
  if (!isReplaced) user.value = null;
}

/** The session is over: here and in the other tabs. */
export function end({ byItself }: { byItself: boolean }): void {
  remember("browser", HINT, null);
  forget(byItself);
  channel.postMessage({ kind: "ended", byItself } satisfies News);
}

channel.addEventListener("message", ({ data }: MessageEvent<News>) => {
  if (data.kind === "refreshed") {
    // What comes late takes the place of nothing newer.
    if (data.at >= access.since || access.since > Date.now()) accept(data.reply, data.at);
    return;
  }
  // A form that is drawn here would go with what is typed into it.
  if (!data.byItself) replacePage(() => location.replace("/"));
  forget(data.byItself);
});

/** Wait until another tab tells of its refresh. */
function hearsay(): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      channel.removeEventListener("message", done);
      resolve();
    };
    channel.addEventListener("message", done);
    setTimeout(done, HEARSAY_MILLISECONDS);
  });
}

async function post(path: string): Promise<Response> {
  const headers = { "X-Requested-With": "lectern" };
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  try {
    // The signal ends the reading of the body as well.
    return await fetch(path, { method: "POST", headers, signal });
  } catch {
    throw new ConnectionLost();
  }
}

/** Whether it was then or later; a moment of the future is of before the clock was set back. */
const isSince = (at: number, asked: number) => at >= asked && at <= Date.now();

const isHinted = (asked: number) => isSince(Number(recall("browser", HINT)), asked);

/** Whether a token came after `asked`, here or in another tab, which is about to tell of it. */
async function hasNewer(asked: number, isTold = isHinted(asked)): Promise<boolean> {
  if (isTold && !isSince(access.since, asked)) await hearsay();
  return isSince(access.since, asked);
}

/** `isTold` is whether another tab has just tried, of which it may tell here later than it let go. */
async function renew(asked: number, isTold?: boolean): Promise<void> {
  if (await hasNewer(asked, isTold)) return;
  const response = await post("/api/auth/refresh");
  if (response.ok) return begin(await readJson<TokenReply>(response));
  const problem = await problemOf(response);
  if (response.status !== 401) throw problem;
  // Who has signed in meanwhile has another session than the one that is over.
  if (await hasNewer(asked)) return;
  end({ byItself: true });
  throw problem;
}

async function renewAlone(): Promise<void> {
  const asked = Date.now();
  // Two tabs that trade the same refresh token within moments get the same new one.
  if (!hasLocks()) return renew(asked);
  const { locks } = navigator;
  const isAlone = await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock) await renew(asked);
    return lock !== null;
  });
  if (!isAlone) await locks.request(LOCK, () => renew(asked, true));
}

/** Get a new access token: once, however many requests and tabs want one. */
export function refresh(): Promise<void> {
  refreshing ??= renewAlone().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Have a token that lasts this much longer: who leaves the page has no time to get one. */
export async function holdToken(milliseconds: number): Promise<void> {
  if (access.until - EARLY_MILLISECONDS < Date.now() + milliseconds) await refresh();
}

/** Let whoever signs out in another tab wait for this, which needs the session. */
export function delaySignOut(work: Promise<void>): void {
  if (hasLocks()) navigator.locks.request(UNFINISHED, { mode: "shared" }, () => work);
}

/** Do this at once when somebody signs out in another tab. */
export function onFarewell(finish: () => void): void {
  farewells.addEventListener("message", finish);
}

/** Let the other tabs finish what they are at; not for long: one of them may be frozen. */
async function bidFarewell(): Promise<void> {
  farewells.postMessage(null);
  if (!hasLocks()) return;
  const signal = AbortSignal.timeout(FAREWELL_MILLISECONDS);
  await navigator.locks.request(UNFINISHED, { signal }, () => {}).catch(() => {});
}

export async function signOut(): Promise<void> {
  await bidFarewell();
  // A token that comes afterwards would begin the session again.
  await refreshing?.catch(() => {});
  const response = await post("/api/auth/logout");
  if (!response.ok && response.status !== 401) throw await problemOf(response);
  replacePage(() => location.replace("/"));
  end({ byItself: false });
}

function withToken(init: RequestInit, token: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${token}`);
  return { ...init, headers };
}

/** Fetch what begins to come within the time a function has. Raises ConnectionLost, or an AbortError. */
export function reach(url: string, init: RequestInit): Promise<Response> {
  return hear(fetch(url, init), REPLY_MILLISECONDS);
}

const isRefused = (problem: Problem) =>
  problem.slug === "session-ended" || problem.slug === "invalid-access-token";

/** Whether there is another token than the refused one: it came meanwhile, or is got now. */
async function hasOther(refused: string, { slug }: Problem): Promise<boolean> {
  if (refused === access.token && slug === "invalid-access-token") await refresh();
  return access.token !== "" && access.token !== refused;
}

/** Fetch as the user; an expired token is renewed first, a refused one once. Raises a Failure. */
export async function authorised(url: string, init: RequestInit = {}): Promise<Response> {
  // What must outlive the page is sent at once if it can be: nothing waits in a page that closes.
  const early = init.keepalive ? 0 : EARLY_MILLISECONDS;
  if (access.until - early < Date.now()) await refresh();
  for (let isLast = false; ; isLast = true) {
    const { token } = access;
    const response = await reach(url, withToken(init, token));
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (!isRefused(problem)) throw problem;
    if (!isLast && (await hasOther(token, problem))) continue;
    // Late, it says nothing of a session that was begun meanwhile.
    if (token === access.token) end({ byItself: true });
    throw problem;
  }
}
