// What can go wrong with a request: a problem that the server tells, or no server at all.

import type { ProblemDetails } from "../schema.ts";

/** A problem that has no name but its status (RFC 9457, 4.2.1), or a gateway's own page. */
export const UNNAMED = "about:blank";

const BAD_GATEWAY = 502;
const INSTANCE = "urn:uuid:";

export class Problem extends Error {
  readonly slug: string;
  readonly status: number;
  /** When asking again makes sense, in milliseconds since 1970; null where nobody said. */
  readonly retryAt: number | null;
  /** Which part of the request is at fault, as a JSON pointer; null where nobody said. */
  readonly pointer: string | null;
  /** Whether Lectern says so itself, and nothing on the way to it. */
  readonly isOurs: boolean;

  constructor(details: ProblemDetails, retryAfterSeconds?: number | null) {
    super(details.detail);
    this.slug = details.type.replace("/problems/", "");
    this.status = details.status;
    const seconds = retryAfterSeconds ?? details.retry_after_seconds;
    this.retryAt = seconds ? Date.now() + seconds * 1000 : null;
    this.pointer = details.errors?.[0]?.pointer ?? null;
    this.isOurs = details.instance?.startsWith(INSTANCE) ?? false;
  }
}

/** The server was not reached, or its answer broke off. */
export class ConnectionLost extends Error {}

export type Failure = Problem | ConnectionLost;

/** Whether a list is not here for want of a connection, or on its way. */
export function isUnloaded(state: "loading" | "loaded" | Failure): boolean {
  return state === "loading" || state instanceof ConnectionLost;
}

/** Whether what was asked for may have been done all the same: nobody heard how it ended. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof ConnectionLost || (error instanceof Problem && error.status >= 500);
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

export function isProblem(error: unknown, slug: string): error is Problem {
  return error instanceof Problem && error.slug === slug;
}

/** Whether something on the way has answered for the server, which may be at it all the same. */
export function isOfGateway(error: unknown): boolean {
  return isUnanswered(error) && isProblem(error, UNNAMED) && !error.isOurs;
}

/** Raises again what is neither: a mistake of the page's own. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Problem || error instanceof ConnectionLost) return error;
  throw error;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Parse what a server said. Raises a Problem where it cannot have been ours, or is broken. */
export function parseJson<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Problem({ type: UNNAMED, title: "", status: BAD_GATEWAY, detail: "", instance: "" });
  }
}
