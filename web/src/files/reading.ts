// Having a file read: the page drives it slice by slice and shows how far it has come. Two at once:
// a student who adds a whole course is not to take a server's every instance.

import { signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, ConnectionLost, type Failure, isNotFound, Problem } from "../api/problems.ts";
import { user } from "../api/session.ts";
import type { File as CourseFile } from "../schema.ts";
import { explain, strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { reportFailure } from "../ui/reports.tsx";
import { lanes } from "./lanes.ts";
import { dropFile, hasChangedSince, keepFile, moment } from "./store.ts";
import { untilOnline, wait } from "./waiting.ts";

interface Told {
  type: string;
  detail: string;
  retryable?: boolean;
  retry_after_seconds?: number;
}

/** Why files could not be read, as it arrived: how long to wait is counted from then. */
const arrived = new Map<number, { error: string; problem: Problem }>();

/** Why a file could not be read; null for one that was, or may yet be. */
export function readingProblem({ id, status, error }: CourseFile): Problem | null {
  if (status !== "failed" || !error) return null;
  const known = arrived.get(id);
  if (known?.error === JSON.stringify(error)) return known.problem;
  const told = error as unknown as Told;
  const problem = new Problem({ title: "", status: 0, instance: "", ...told });
  arrived.set(id, { error: JSON.stringify(error), problem });
  return problem;
}

/** Whether reading it again, or on, may end better. */
export function isRetryable(file: CourseFile): boolean {
  const error = file.error as unknown as Told | null;
  return stallOf(file) !== null || (file.status === "failed" && error?.retryable === true);
}

const POLL_MILLISECONDS = 1_000;
const PAUSE_MILLISECONDS = 2_000;
/** After so many failures in a row the file waits for a press; each waits longer than the one before. */
const MOST_FAILURES = 8;
const AT_ONCE = 2;

const inTurn = lanes(AT_ONCE);
const driven = new Set<number>();
/** What is tried because it may have arrived: until it has, its place may still be given back. */
const tried = new Set<number>();

/** Whether this page has a file read, or is about to. */
export const isDriven = (id: number) => driven.has(id);

/** Why the reading of a file stands still: nobody here drives it until it is asked for again. */
const stalled = signal<ReadonlyMap<number, Failure>>(new Map());

function noteStall(id: number, failure: Failure | null): void {
  const next = new Map(stalled.value);
  // Bytes that are not there are not there the next time either.
  if (failure && !isMissing(failure)) next.set(id, failure);
  else next.delete(id);
  stalled.value = next;
}

function isMissing(failure: Failure): boolean {
  return failure instanceof Problem && failure.slug === "upload-incomplete";
}

/** Why a file is not read on; null for one that is, or has been. */
export function stallOf(file: CourseFile): Failure | null {
  const isUnread = file.status === "processing" || file.status === "awaiting_upload";
  return (isUnread && stalled.value.get(file.id)) || null;
}

async function follow(id: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await wait(POLL_MILLISECONDS);
    if (isOver()) return;
    if (!user.value) continue; // whoever signs in goes on with it
    const file = await send("get", "/api/upload/{file_id}", { path: { file_id: id } }).catch(
      () => null,
    );
    // A late reply must not undo what the ingest call has said meanwhile.
    if (file && !isOver()) keepFile(file);
  }
}

/** Whoever took the reading over may give it back, however long that takes. */
const isElsewhere = (failure: Failure) =>
  failure instanceof Problem && failure.slug === "lease-lost";

const isPassing = (failure: Failure) =>
  failure instanceof ConnectionLost || failure.status >= 502 || isElsewhere(failure);

/** Wait until it may be better: longer each time, and as long as the server asked to. */
async function sitOut(failure: Failure, failures: number): Promise<void> {
  await untilOnline();
  const asked = failure instanceof Problem && failure.retryAt ? failure.retryAt - Date.now() : 0;
  await wait(Math.max(asked, PAUSE_MILLISECONDS * Math.max(1, failures)));
}

async function drive(id: number): Promise<CourseFile> {
  for (let failures = 0; ; ) {
    try {
      const file = await send("post", "/api/upload/{file_id}/ingest", { path: { file_id: id } });
      if (file.status !== "processing") return file;
      keepFile(file);
      failures = 0;
      await wait(PAUSE_MILLISECONDS);
    } catch (error) {
      const failure = asFailure(error);
      if (!isElsewhere(failure)) failures += 1;
      if (!isPassing(failure) || failures === MOST_FAILURES) throw failure;
      await sitOut(failure, failures);
    }
  }
}

/** Drive it in its turn, and show meanwhile how far it is. */
function driveSeen(id: number): Promise<CourseFile> {
  return inTurn(async () => {
    let isOver = false;
    follow(id, () => isOver);
    try {
      return await drive(id);
    } finally {
      isOver = true;
    }
  });
}

function takeIn(id: number, ended: CourseFile): void {
  if (ended.id !== id) dropFile(id);
  arrived.delete(ended.id);
  keepFile(ended);
  tellEnd(ended);
}

function tellEnd(file: CourseFile): void {
  if (file.status === "ready") announce(strings.value.files.ready(file.filename));
  const problem = readingProblem(file);
  if (problem) announce(`${strings.value.failures.read(file.filename)} ${explain(problem)}`);
}

/** Have a file read to its end. Returns the file that holds its bytes: another one for a duplicate. */
export async function read(file: CourseFile): Promise<CourseFile> {
  if (driven.has(file.id)) return file;
  driven.add(file.id);
  noteStall(file.id, null);
  keepFile({ ...file, status: "processing" });
  try {
    const ended = await driveSeen(file.id).finally(() => driven.delete(file.id));
    takeIn(file.id, ended);
    return ended;
  } catch (error) {
    noteStall(file.id, asFailure(error));
    // Whoever deletes a file while it is read knows that it is not read.
    if (await look(file.id)) reportFailure(strings.value.failures.read(file.filename), error);
    throw error;
  }
}

/** Show a file as it really is after something failed. Returns whether there still is one. */
async function look(id: number): Promise<boolean> {
  const askedAt = moment();
  try {
    const file = await send("get", "/api/upload/{file_id}", { path: { file_id: id } });
    if (!hasChangedSince(id, askedAt)) keepFile(file);
  } catch (error) {
    if (isNotFound(error)) {
      dropFile(id);
      return false;
    }
  }
  return true;
}

/** Read in the background; how it ends is seen in the list, or reported. */
export function readOn(file: CourseFile): void {
  if (tried.has(file.id)) return; // it has arrived, and is being read
  read(file).catch(asFailure); // raises again what is no Failure
}

/** Read what may have arrived: a page that is left after the last byte has nobody read it. */
export async function readIfArrived({ id }: CourseFile): Promise<void> {
  if (driven.has(id) || tried.has(id)) return; // the list is older than what is done here
  tried.add(id);
  noteStall(id, null);
  try {
    takeIn(id, await driveSeen(id).finally(() => tried.delete(id)));
  } catch (error) {
    const failure = asFailure(error);
    if (driven.has(id)) return; // it was sent meanwhile, and is being read
    noteStall(id, failure); // of what is not here, its row tells
    await look(id);
  }
}
