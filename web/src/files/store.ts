// The user's files as the server knows them, and which of them questions use.

import { computed, signal } from "@preact/signals";
import { send } from "../api/client.ts";
import { asFailure, type Failure, isNotFound, isUnloaded } from "../api/problems.ts";
import { user } from "../api/session.ts";
import { onceOnline } from "../connection.ts";
import type { File as CourseFile } from "../schema.ts";
import { isDriven, readIfArrived, readOn } from "./reading.ts";
import { isOnTheWay, isPlaceless } from "./shipments.ts";

const PAGE = 100;

export const files = signal<CourseFile[]>([]);
export const filesState = signal<"loading" | "loaded" | Failure>("loading");
/** Whether the list is here, though perhaps an older one. */
export const isListed = computed(() => filesState.value === "loaded" || files.value.length > 0);
/** Files that questions leave out. */
export const excluded = signal<ReadonlySet<number>>(new Set());

export const readyFiles = computed(() => files.value.filter((file) => file.status === "ready"));
export const chosenFiles = computed(() =>
  readyFiles.value.filter((file) => !excluded.value.has(file.id)),
);

/** Whether nothing is left out: what is may be missing in a list that is not here yet. */
export const isAllChosen = computed(() => {
  const ids = [...excluded.value];
  return !ids.length || (filesState.value === "loaded" && !ids.some(findFile));
});

export function findFile(id: number): CourseFile | undefined {
  return files.value.find((file) => file.id === id);
}

/** The language that a file's words are in, to be read aloud in; undefined where nobody knows. */
export function languageOf(id: number): string | undefined {
  return findFile(id)?.language ?? undefined;
}

/** When each file last changed here: a list that was asked for before knows less of it. */
const changedAt = new Map<number, number>();
let changes = 0;

/** A moment, to compare changes with. */
export const moment = () => changes;

export function hasChangedSince(id: number, moment: number): boolean {
  return (changedAt.get(id) ?? 0) > moment;
}

function noteChange(id: number): void {
  changes += 1;
  changedAt.set(id, changes);
}

/** What this page has read is about to be read, though the server may not have begun. */
function asSeenHere(file: CourseFile): CourseFile {
  const isTaken = file.status === "awaiting_upload" && isDriven(file.id);
  return isTaken ? { ...file, status: "processing" } : file;
}

/** What this page has deleted: a reply that is older may still tell of it. No id is used again. */
const deleted = new Set<number>();

/** Put a file into the list, or what is new about it. */
export function keepFile(file: CourseFile): void {
  if (deleted.has(file.id)) return;
  noteChange(file.id);
  const kept = asSeenHere(file);
  const isKnown = files.value.some((other) => other.id === file.id);
  files.value = isKnown
    ? files.value.map((other) => (other.id === file.id ? kept : other))
    : [kept, ...files.value];
}

export function dropFile(id: number): void {
  noteChange(id);
  files.value = files.value.filter((file) => file.id !== id);
}

/** Take a list over, but for what has changed here since it was asked for. The newest file is first. */
function keepList(listed: CourseFile[], askedAt: number): void {
  const isNews = ({ id }: CourseFile) => hasChangedSince(id, askedAt);
  const news = files.value.filter(isNews);
  const rest = listed.filter((file) => !isNews(file)).map(asSeenHere);
  files.value = [...news, ...rest].sort((one, other) => other.id - one.id);
}

/** Files that something tells of and no list has had yet: the last one may be older than they are. */
const sought = new Set<number>();
/** Those that a list has not had since then. */
const missed = signal<ReadonlySet<number>>(new Set());

/** Whether a file is known to be gone, and not only to be missing in a list that is older. */
export function isGone(id: number): boolean {
  return !findFile(id) && (deleted.has(id) || missed.value.has(id));
}

let isSeeking = false;

/** Look for files that the list has not: once for each, and at once for all that a view tells of. */
export function seekFiles(ids: number[]): void {
  const news = ids.filter((id) => !findFile(id) && !isGone(id) && !sought.has(id));
  for (const id of news) sought.add(id);
  if (!news.length || isSeeking || filesState.value === "loading") return;
  isSeeking = true;
  queueMicrotask(() => {
    isSeeking = false;
    refreshFiles();
  });
}

function noteMissed(ids: number[]): void {
  const gone = ids.filter((id) => !findFile(id));
  if (gone.length) missed.value = new Set([...missed.value, ...gone]);
  for (const id of ids) sought.delete(id);
}

export function toggle(id: number): void {
  const next = new Set(excluded.value);
  if (!next.delete(id)) next.add(id);
  excluded.value = next;
}

export function chooseAll(isUsed: boolean): void {
  excluded.value = isUsed ? new Set() : new Set(readyFiles.value.map((file) => file.id));
}

export async function fetchFiles(): Promise<CourseFile[]> {
  const found: CourseFile[] = [];
  let cursor: string | null = null;
  do {
    const page: { files: CourseFile[]; next_cursor: string | null } = await send(
      "get",
      "/api/upload",
      {
        query: { limit: PAGE, cursor },
      },
    );
    found.push(...page.files);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

/** Whether a file may be the place of what this page is about to send: the list may know of it first. */
function isOurs({ id, filename: name, size_bytes: size }: CourseFile): boolean {
  return isOnTheWay(id) || isPlaceless({ name, size });
}

async function takeList(): Promise<void> {
  const askedAt = moment();
  const isFirst = filesState.value === "loading";
  const before = [...sought, ...files.value.map(({ id }) => id)];
  keepList(await fetchFiles(), askedAt);
  noteMissed(isFirst ? [...sought] : before);
  filesState.value = "loaded";
  for (const file of files.value) {
    if (file.status === "processing") readOn(file);
    if (file.status === "awaiting_upload" && !isOurs(file)) readIfArrived(file);
  }
}

/** Load the list, and go on reading what was left unread. */
export async function loadFiles(): Promise<void> {
  try {
    await takeList();
  } catch (error) {
    filesState.value = asFailure(error);
  }
}

/** The same unasked: where it fails, the list that is here stays as it is. */
export async function refreshFiles(): Promise<void> {
  await takeList().catch(asFailure);
}

// What did not come for want of a connection comes with it.
onceOnline(() => user.value != null && isUnloaded(filesState.value), loadFiles);

/** Delete a file; one that is gone already is no failure. */
export async function deleteFile(id: number): Promise<void> {
  try {
    await send("delete", "/api/upload/{file_id}", { path: { file_id: id } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  deleted.add(id);
  dropFile(id);
}
