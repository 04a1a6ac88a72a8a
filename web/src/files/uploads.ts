// What is on its way to becoming a file: announced, sent, then handed over to the reading.
//
// Sending and reading have lanes of their own: while two long files are read, a third is sent.

import { effect, untracked } from "@preact/signals";
import { asFailure, ConnectionLost, type Failure, isAbort, Problem } from "../api/problems.ts";
import { user } from "../api/session.ts";
import type { File as CourseFile, SignedUpload } from "../schema.ts";
import { explain, strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { readBytes, refusal } from "./device.ts";
import { lanes } from "./lanes.ts";
import { announceFile, freeUnheard, withdraw } from "./places.ts";
import { read } from "./reading.ts";
import {
  find,
  isUnsent,
  type Job,
  jobs,
  newDelivery,
  newJob,
  remove,
  type Shipment,
  type Stage,
  shipments,
  update,
} from "./shipments.ts";
import { keepFile } from "./store.ts";
import { STORAGE_BUSY, STORAGE_REFUSED, transfer } from "./transfer.ts";
import { backOff, untilOnline } from "./waiting.ts";

const AT_ONCE = 2;
/** Some two minutes without a byte that arrives. */
const MAX_FAILURES = 8;

const inTurn = lanes(AT_ONCE);

/** Send a file. Returns it as announced; null where there is nothing to read. */
async function ship(key: string, file: File, job: Job): Promise<CourseFile | null> {
  const { signal } = job.abort;
  await readBytes(file.slice(0, 1));
  signal.throwIfAborted();
  if (file.size === 0) throw refusal("zero-bytes");
  if (isExpired(job)) await leavePlace(job);
  if (!job.announced) {
    job.announced = await announceFile(file, job);
    job.goesUntil = endOf(job.announced);
  }
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

/** Until when an address goes, by the clock of this device: the server's may be hours apart from it. */
function endOf({ file, upload }: SignedUpload): number {
  if (!upload) return Number.POSITIVE_INFINITY;
  return Date.now() + Date.parse(upload.expires_at) - Date.parse(file.created_at);
}

/** Whether the address that it has goes no more, as after a long pause. */
function isExpired({ announced, goesUntil }: Job): boolean {
  return announced !== null && goesUntil < Date.now();
}

/** Give back the place that it has: it is announced anew, if at all. */
async function leavePlace(job: Job): Promise<void> {
  const { announced } = job;
  Object.assign(job, { announced: null, delivery: newDelivery() });
  if (announced) await withdraw(announced);
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
    if (!jobs.has(key)) return freeUnheard(shipment.file, job);
    if (isExpired(job)) enqueue(key);
    else if (isPassing(failure) && job.delivery.failures < MAX_FAILURES)
      waitAndRetry(key, job, failure);
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

/** The lane is free for others meanwhile. */
async function waitAndRetry(key: string, job: Job, failure: Failure): Promise<void> {
  update(key, { state: { stage: "waiting", failure } });
  await backOff(job.delivery.failures);
  job.delivery.failures += 1;
  await untilOnline();
  if (find(key)?.state.stage === "waiting") enqueue(key);
}

/** What storage refused has no use for its place. */
async function fail(key: string, job: Job, failure: Failure): Promise<void> {
  job.delivery.failures = 0;
  if (!isPassing(failure)) await leavePlace(job);
  update(key, { state: { stage: "failed", failure } });
  const name = find(key)?.file.name;
  if (name && !isSignedOut(failure))
    announce(`${strings.value.failures.add(name)} ${explain(failure)}`);
}

function enqueue(key: string): void {
  const job = jobs.get(key);
  if (!job || job.isQueued) return;
  job.isQueued = true;
  job.turn = inTurn(() => run(key));
}

/** Take files in, whatever the way they came. */
export function addFiles(added: Iterable<File>): void {
  for (const file of added) {
    const key = crypto.randomUUID?.() ?? String(Math.random());
    jobs.set(key, newJob());
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

function resumeFailed(isOver: (failure: Failure) => boolean): void {
  for (const { key, state } of shipments.value)
    if (state.stage === "failed" && isOver(state.failure)) resume(key);
}

effect(() => {
  if (user.value) untracked(() => resumeFailed(isSignedOut));
});
addEventListener("online", () => resumeFailed((failure) => failure instanceof ConnectionLost));

/** Stop an upload and leave nothing of it behind; also takes a note out of the list. */
export async function cancel(key: string): Promise<void> {
  const job = jobs.get(key);
  const shipment = find(key);
  job?.abort.abort();
  remove(key);
  if (job?.announced) await withdraw(job.announced);
  else if (job && shipment) await freeUnheard(shipment.file, job);
  await job?.turn;
}

/** Cancel what only this page has, and wait until its places are given back. */
export async function cancelUnsent(): Promise<void> {
  const unsent = shipments.value.filter(isUnsent);
  await Promise.all(unsent.map(({ key }) => cancel(key)));
}
