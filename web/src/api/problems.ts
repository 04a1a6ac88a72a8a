// What can go wrong with a request: a problem that the server tells, or no server at all.

import type { ProblemDetails } from "../schema.ts";

export class Problem extends Error {
  readonly slug: string;
  readonly status: number;
  readonly fieldErrors: { pointer: string; detail: string }[];
  /** When asking again makes sense, in milliseconds since 1970; null where nobody said. */
  readonly retryAt: number | null;

  constructor(details: ProblemDetails, retryAfterSeconds?: number | null) {
    super(details.detail);
    this.slug = details.type.replace("/problems/", "");
    this.status = details.status;
    this.fieldErrors = details.errors ?? [];
    const seconds = retryAfterSeconds ?? details.retry_after_seconds;
    this.retryAt = seconds ? Date.now() + seconds * 1000 : null;
  }
}

/** The server was not reached, or its answer broke off. */
export class ConnectionLost extends Error {}

export type Failure = Problem | ConnectionLost;

export function asFailure(error: unknown): Failure {
  if (error instanceof Problem || error instanceof ConnectionLost) return error;
  if (error instanceof TypeError) return new ConnectionLost(error.message);
  throw error;
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function unnamed(response: Response): ProblemDetails {
  const { status, statusText } = response;
  const detail = statusText || `HTTP ${status}`;
  return { type: "about:blank", title: detail, status, detail, instance: "" };
}

export async function problemOf(response: Response): Promise<Problem> {
  const isTold = response.headers.get("content-type")?.startsWith("application/problem+json");
  const details = isTold ? ((await response.json()) as ProblemDetails) : unnamed(response);
  return new Problem(details, Number(response.headers.get("retry-after")) || null);
}
