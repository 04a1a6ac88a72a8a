// Sending bytes straight to storage: in one PUT, or in pieces (TUS 1.0.0) that survive a lost connection.

import { ConnectionLost, Problem } from "../api/problems.ts";
import { listen } from "../api/silence.ts";
import type { ResumableUpload, Upload } from "../schema.ts";

/** Above this, storage is spoken to in pieces. */
export const RESUMABLE_BYTES = 6 * 1024 * 1024;

const TUS = { "Tus-Resumable": "1.0.0" };
const ALREADY_THERE = 409;
const SILENCE_MILLISECONDS = 30_000;
/** Another offset than the one told, locked, too many at once. */
const BUSY = [409, 423, 429];

/** What is kept from one attempt to the next. */
export interface Delivery {
  /** Where the pieces go, once storage has said so. */
  url: string | null;
  arrivedBytes: number;
  /** How many attempts have failed since the last bytes arrived. */
  failures: number;
}

export interface Sending {
  file: Blob;
  upload: Upload;
  signal: AbortSignal;
  onProgress: (sentBytes: number) => void;
  delivery: Delivery;
}

interface Call {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: Blob;
}

/** XMLHttpRequest, because fetch does not tell how much has been sent. */
function request(call: Call, { signal, onProgress }: Sending, base = 0): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(call.method, call.url);
    for (const [name, value] of Object.entries(call.headers)) xhr.setRequestHeader(name, value);
    if (call.body) xhr.upload.onprogress = (event) => onProgress(base + event.loaded);
    xhr.onload = () => resolve(xhr);
    xhr.onerror = () => reject(new ConnectionLost());
    xhr.onabort = () => reject(new DOMException("", "AbortError"));
    signal.addEventListener("abort", () => xhr.abort(), { once: true });
    if (signal.aborted) return reject(new DOMException("", "AbortError"));
    const { heard, end } = listen(SILENCE_MILLISECONDS, () => {
      reject(new ConnectionLost());
      xhr.abort();
    });
    xhr.upload.addEventListener("progress", heard);
    xhr.addEventListener("loadend", end);
    xhr.send(call.body ?? null);
  });
}

/** The status that the body tells; that of the answer itself is 400 for most refusals. */
function statusOf(xhr: XMLHttpRequest): number {
  try {
    return Number(JSON.parse(xhr.responseText).statusCode) || xhr.status;
  } catch {
    return xhr.status;
  }
}

function problem(type: string, status: number): Problem {
  return new Problem({ type, title: "", status, detail: "", instance: "" });
}

/** It may do better in a moment. */
export const STORAGE_BUSY = "storage-busy";
export const STORAGE_REFUSED = "storage-refused";

function check(xhr: XMLHttpRequest, ...alsoFine: number[]): XMLHttpRequest {
  const status = statusOf(xhr);
  if ((xhr.status >= 200 && xhr.status < 300) || alsoFine.includes(status)) return xhr;
  // Storage is in trouble, or still at what was sent before: the next attempt asks how far it is.
  if (status >= 500 || BUSY.includes(status)) throw problem(STORAGE_BUSY, 503);
  throw problem(STORAGE_REFUSED, status);
}

async function put(sending: Sending): Promise<void> {
  const { method, url, headers } = sending.upload;
  // A lost reply: the bytes are there already. Reading them checks that they are the right ones.
  check(await request({ method, url, headers, body: sending.file }, sending), ALREADY_THERE);
}

async function create(to: ResumableUpload, sending: Sending): Promise<number> {
  const headers = { ...to.headers, ...TUS, "Upload-Length": String(sending.file.size) };
  const xhr = check(
    await request({ method: "POST", url: to.url, headers }, sending),
    ALREADY_THERE,
  );
  if (statusOf(xhr) === ALREADY_THERE) return sending.file.size;
  const location = xhr.getResponseHeader("Location");
  if (!location) throw problem(STORAGE_BUSY, 503);
  Object.assign(sending.delivery, { url: new URL(location, to.url).href, arrivedBytes: 0 });
  return 0;
}

/** Return how much storage already has; 0 and a new place where it knows nothing any more. */
async function offset(to: ResumableUpload, sending: Sending): Promise<number> {
  const { url } = sending.delivery;
  if (!url) return create(to, sending);
  const headers = { ...to.headers, ...TUS };
  const xhr = await request({ method: "HEAD", url, headers }, sending);
  if (xhr.status === 404 || xhr.status === 410) return create(to, sending);
  return Number(check(xhr).getResponseHeader("Upload-Offset"));
}

async function sendPieces(to: ResumableUpload, sending: Sending): Promise<void> {
  const { file, delivery } = sending;
  let sent = await offset(to, sending);
  while (sent < file.size) {
    sending.onProgress(sent);
    if (sent > delivery.arrivedBytes) Object.assign(delivery, { arrivedBytes: sent, failures: 0 });
    const headers = {
      ...to.headers,
      ...TUS,
      "Upload-Offset": String(sent),
      "Content-Type": "application/offset+octet-stream",
    };
    const body = file.slice(sent, sent + to.chunk_bytes);
    const url = delivery.url ?? to.url;
    const xhr = check(await request({ method: "PATCH", url, headers, body }, sending, sent));
    sent = Number(xhr.getResponseHeader("Upload-Offset") ?? sent + body.size);
  }
}

/** Send all bytes. Raises a Failure (after one that passes call again, to go on), or an AbortError. */
export async function transfer(sending: Sending): Promise<void> {
  const { resumable } = sending.upload;
  if (resumable && sending.file.size > RESUMABLE_BYTES) await sendPieces(resumable, sending);
  else await put(sending);
}
