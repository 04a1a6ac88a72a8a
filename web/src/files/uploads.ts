// What is on its way to becoming a file: announced, sent, then handed over to the reading.
//
// Sending and reading have lanes of their own: while two long files are read, a third is sent.

import { effect, signal, untracked } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, ConnectionLost, type Failure, isAbort, Problem } from "../api/problems.ts";
import { user } from "../api/session.ts";
import type { File as CourseFile, SignedUpload } from "../schema.ts";
import { explain, strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { reportFailure } from "../ui/reports.tsx";
import { askBeforeUnload } from "../unload.ts";
import { lanes } from "./lanes.ts";
import { read } from "./reading.ts";
import { deleteFile, dropFile, fetchFiles, files, keepFile } from "./store.ts";
import { type Delivery, STORAGE_BUSY, STORAGE_REFUSED, transfer } from "./transfer.ts";
import { untilOnline, wait } from "./waiting.ts";

type Stage =
  | { stage: "preparing" | "sending" | "paused" }
  | { stage: "waiting" | "failed"; failure: Failure }
  | { stage: "duplicate"; of: string };

export interface Shipment {
  key: string;
  file: File;
  state: Stage;
  sentBytes: number;
}

const AT_ONCE = 2;
const MAX_HASHED_BYTES = 200 * 1024 * 1024;
const MIN_WAIT_MILLISECONDS = 1_500;
const MAX_WAIT_MILLISECONDS = 30_000;
/** Some two minutes without a byte that arrives. */
const MAX_FAILURES = 8;

export const shipments = signal<Shipment[]>([]);

/** Nobody but this page has its bytes: they go with it. */
export const isUnsent = ({ state: { stage } }: Shipment) =>
  stage !== "failed" && stage !== "duplicate";

effect(() => askBeforeUnload(user.value != null && shipments.value.some(isUnsent)));

interface Job {
  announced: SignedUpload | null;
  delivery: Delivery;
  abort: AbortController;
  /** Whether it waits for its turn: it has one place there, however often it is paused meanwhile. */
  isQueued: boolean;
}

const newDelivery = (): Delivery => ({ url: null, arrivedBytes: 0, failures: 0 });

const jobs = new Map<string, Job>();
const inTurn = lanes(AT_ONCE);

function find(key: string): Shipment | undefined {
  return shipments.value.find((shipment) => shipment.key === key);
}

function update(key: string, change: Partial<Shipment>): void {
  shipments.value = shipments.value.map((shipment) =>
    shipment.key === key ? { ...shipment, ...change } : shipment,
  );
}

function remove(key: string): void {
  shipments.value = shipments.value.filter((shipment) => shipment.key !== key);
  jobs.delete(key);
}

/** Why a file never leaves this page. */
function refusal(type: "unreadable-here" | "zero-bytes"): Problem {
  return new Problem({ type, title: "", status: 0, detail: "", instance: "" });
}

/** Read from the device: no folder can be, nor what was changed since it was chosen. */
async function readBytes(blob: Blob): Promise<ArrayBuffer> {
  try {
    return await blob.arrayBuffer();
  } catch {
    throw refusal("unreadable-here");
  }
}

async function hash(file: File): Promise<string | null> {
  // Only where the browser counts the page as secure does it hash; the server can do without.
  if (!globalThis.crypto?.subtle || file.size > MAX_HASHED_BYTES) return null;
  const digest = await crypto.subtle.digest("SHA-256", await readBytes(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether this page is about to send the bytes of an announced file. */
export function isOnTheWay(id: number): boolean {
  return shipments.value.some(({ key }) => {
    const announced = jobs.get(key)?.announced;
    // Without a place to send to it is a file that was there before.
    return announced?.upload && announced.file.id === id;
  });
}

/** A place that an earlier, broken upload of the same file still holds is given back. */
async function freePlaceOf(file: File, isRepeated: boolean): Promise<void> {
  // What was announced, and the reply lost, only the server knows.
  const known = isRepeated ? await fetchFiles() : files.value;
  const left = known.find(
    ({ id, status, filename, size_bytes }) =>
      status === "awaiting_upload" &&
      filename === file.name &&
      size_bytes === file.size &&
      !isOnTheWay(id),
  );
  if (left) await deleteFile(left.id);
}

async function announceFile(file: File, { abort, delivery }: Job): Promise<SignedUpload> {
  const sha256 = await hash(file);
  abort.signal.throwIfAborted();
  await freePlaceOf(file, delivery.failures > 0);
  const body = { filename: file.name, size_bytes: file.size, ...(sha256 ? { sha256 } : {}) };
  return send("post", "/api/upload/signed", { body });
}

/** Send a file. Returns it as announced; null where there is nothing to read. */
async function ship(key: string, file: File, job: Job): Promise<CourseFile | null> {
  const { signal } = job.abort;
  await readBytes(file.slice(0, 1));
  signal.throwIfAborted();
  if (file.size === 0) throw refusal("zero-bytes");
  job.announced ??= await announceFile(file, job);
  // Cancelled meanwhile: the server has it all the same.
  if (!jobs.has(key)) {
    await withdraw(job.announced);
    return null;
  }
  const { file: announced, upload } = job.announced;
  if (!upload) {
    // It may have come from elsewhere since the list was asked for.
    keepFile(announced);
    settle(key, announced.filename);
    return null;
  }
  update(key, { state: { stage: "sending" } });
  const { delivery } = job;
  const onProgress = (sentBytes: number) => update(key, { sentBytes });
  await transfer({ file, upload, signal, onProgress, delivery });
  remove(key);
  const sent = { ...announced, status: "processing" } as const;
  keepFile(sent);
  return sent;
}

/** Have what was sent read; how that ends is seen in the list, or reported. */
async function readSent(key: string, file: File, sent: CourseFile): Promise<void> {
  try {
    const ended = await read(sent);
    if (ended.id !== sent.id) settleLate(key, file, ended.filename);
  } catch (error) {
    asFailure(error); // raises again what is no Failure
  }
}

function settle(key: string, of: string): void {
  update(key, { state: { stage: "duplicate", of } });
  announce(strings.value.files.duplicate(of));
}

function settleLate(key: string, file: File, of: string): void {
  const state: Stage = { stage: "duplicate", of };
  shipments.value = [...shipments.value, { key, file, state, sentBytes: file.size }];
  announce(strings.value.files.duplicate(of));
}

async function run(key: string): Promise<void> {
  const shipment = find(key);
  const job = jobs.get(key);
  if (!shipment || !job) return;
  job.isQueued = false;
  if (shipment.state.stage === "paused") return;
  try {
    const sent = await ship(key, shipment.file, job);
    if (sent) readSent(key, shipment.file, sent);
  } catch (error) {
    if (isAbort(error)) return;
    const failure = asFailure(error);
    if (isPassing(failure) && job.delivery.failures < MAX_FAILURES) waitAndRetry(key, job, failure);
    else await fail(key, job, failure);
  }
}

function isPassing(failure: Failure): boolean {
  return failure instanceof ConnectionLost || failure.slug === STORAGE_BUSY;
}

/** The session was over: the sign-in view says so, and what was to be sent goes on after it. */
function isSignedOut(failure: Failure): boolean {
  return failure instanceof Problem && failure.status === 401 && failure.slug !== STORAGE_REFUSED;
}

/** Longer each time, and never all uploads at once. */
function backOff(failures: number): Promise<void> {
  const longest = Math.min(MAX_WAIT_MILLISECONDS, MIN_WAIT_MILLISECONDS * 2 ** failures);
  return wait(longest * (0.5 + Math.random() / 2));
}

/** The lane is free for others meanwhile. */
async function waitAndRetry(key: string, job: Job, failure: Failure): Promise<void> {
  update(key, { state: { stage: "waiting", failure } });
  await backOff(job.delivery.failures);
  job.delivery.failures += 1;
  await untilOnline();
  if (find(key)?.state.stage === "waiting") enqueue(key);
}

/** Give back the place of what storage refused: it is announced anew, if at all. */
async function fail(key: string, job: Job, failure: Failure): Promise<void> {
  const { announced } = job;
  job.delivery.failures = 0;
  if (!isPassing(failure)) {
    Object.assign(job, { announced: null, delivery: newDelivery() });
    if (announced) await withdraw(announced);
  }
  update(key, { state: { stage: "failed", failure } });
  const name = find(key)?.file.name;
  if (name && !isSignedOut(failure))
    announce(`${strings.value.failures.add(name)} ${explain(failure)}`);
}

function enqueue(key: string): void {
  const job = jobs.get(key);
  if (!job || job.isQueued) return;
  job.isQueued = true;
  inTurn(() => run(key));
}

/** Take files in, whatever the way they came. */
export function addFiles(added: Iterable<File>): void {
  for (const file of added) {
    const key = crypto.randomUUID?.() ?? String(Math.random());
    const abort = new AbortController();
    jobs.set(key, { announced: null, delivery: newDelivery(), abort, isQueued: false });
    const state = { stage: "preparing" } as const;
    shipments.value = [...shipments.value, { key, file, state, sentBytes: 0 }];
    enqueue(key);
  }
}

export function pause(key: string): void {
  update(key, { state: { stage: "paused" } });
  jobs.get(key)?.abort.abort();
}

/** A second press finds it going on already. */
const isHalted = ({ state: { stage } }: Shipment) => stage === "paused" || stage === "failed";

/** Go on after a pause, or try again after a failure. */
export function resume(key: string): void {
  const job = jobs.get(key);
  const shipment = find(key);
  if (!job || !shipment || !isHalted(shipment)) return;
  job.abort = new AbortController();
  update(key, { state: { stage: job.announced ? "sending" : "preparing" } });
  enqueue(key);
}

function resumeSignedOut(): void {
  for (const { key, state } of shipments.value)
    if (state.stage === "failed" && isSignedOut(state.failure)) resume(key);
}

effect(() => {
  if (user.value) untracked(resumeSignedOut);
});

/** Delete what was announced, but not the file that a duplicate turned out to be. */
async function withdraw({ file, upload }: SignedUpload): Promise<void> {
  if (!upload) return;
  dropFile(file.id);
  try {
    await deleteFile(file.id);
  } catch (error) {
    // In the list it can be deleted again.
    keepFile(file);
    reportFailure(strings.value.failures.deleteFile(file.filename), error);
  }
}

/** Stop an upload and leave nothing of it behind; also takes a note out of the list. */
export function cancel(key: string): void {
  const job = jobs.get(key);
  job?.abort.abort();
  remove(key);
  if (job?.announced) withdraw(job.announced);
}
