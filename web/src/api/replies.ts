// Reading what the server replies to its end, as long as it goes on coming.

import type { ProblemDetails } from "../schema.ts";
import { Problem, parseJson, UNNAMED } from "./problems.ts";
import { hear, hearPieces } from "./silence.ts";

/** In the middle of an export the server may wait for the database (8 s) and storage (8 and 15 s). */
const SILENCE_MILLISECONDS = 45_000;
/** So much is handed over to the browser at a time: out of the page's memory it may go to the disk. */
const HANDFUL_BYTES = 16 * 1024 * 1024;

/** Read a body of JSON, which is small. Raises a Failure, or an AbortError. */
export async function readJson<T>(response: Response): Promise<T> {
  return parseJson<T>(await hear(response.text(), SILENCE_MILLISECONDS));
}

/** Read a body of any size to its end. Raises ConnectionLost, or an AbortError. */
export async function readBlob({ body, headers }: Response): Promise<Blob> {
  const type = headers.get("content-type") ?? "";
  let read = new Blob([], { type });
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const handOver = () => {
    read = new Blob([read, ...pieces], { type });
    pieces = [];
    bytes = 0;
  };
  for await (const piece of hearPieces(body, SILENCE_MILLISECONDS)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= HANDFUL_BYTES) handOver();
  }
  handOver();
  return read;
}

function unnamed(response: Response): ProblemDetails {
  const { status, statusText } = response;
  return { type: UNNAMED, title: statusText, status, detail: statusText, instance: "" };
}

/** Return what a refusal says, as far as it can be read. */
async function detailsOf(response: Response): Promise<ProblemDetails> {
  const isTold = response.headers.get("content-type")?.startsWith("application/problem+json");
  if (!isTold) return unnamed(response);
  try {
    return { ...unnamed(response), ...(await readJson<ProblemDetails>(response)) };
  } catch (error) {
    if (error instanceof Problem) return unnamed(response);
    throw error;
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const details = await detailsOf(response);
  return new Problem(details, Number(response.headers.get("retry-after")) || null);
}
