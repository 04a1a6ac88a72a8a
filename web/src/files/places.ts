// The places that the server holds for files whose bytes are to come.

import { send } from "../api/client.ts";
import { isNotFound, isUnanswered } from "../api/problems.ts";
import type { File as CourseFile, SignedUpload } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { reportFailure } from "../ui/reports.tsx";
import { hash } from "./device.ts";
import { isDriven, readOn } from "./reading.ts";
import { isAlike, isOnTheWay, isPlaceless, type Job } from "./shipments.ts";
import {
  deleteFile,
  dropFile,
  fetchFiles,
  files,
  hasChangedSince,
  keepFile,
  moment,
} from "./store.ts";
import { backOff, until, untilOnline } from "./waiting.ts";

const MAX_FAILURES = 8;

/** Whether nothing has come to a place: another device may have sent its bytes since the list was here. */
async function isStillEmpty({ id }: CourseFile): Promise<boolean> {
  const askedAt = moment();
  try {
    const file = await send("get", "/api/upload/{file_id}", { path: { file_id: id } });
    if (file.status === "awaiting_upload") return true;
    if (!hasChangedSince(id, askedAt)) keepFile(file);
    if (file.status === "processing") readOn(file);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    dropFile(id);
  }
  return false;
}

/** Give back a place that is held for such a file, and that this page does not use. */
async function freePlaceOf(file: File, known: CourseFile[]): Promise<void> {
  const left = known.find(
    ({ id, status, filename: name, size_bytes: size }) =>
      status === "awaiting_upload" &&
      isAlike({ name, size }, file) &&
      !isOnTheWay(id) &&
      !isDriven(id),
  );
  if (left && (await isStillEmpty(left))) await deleteFile(left.id);
}

export async function announceFile(file: File, job: Job): Promise<SignedUpload> {
  const { signal } = job.abort;
  const sha256 = await hash(file);
  signal.throwIfAborted();
  // What was announced, and the reply lost, only the server knows.
  await freePlaceOf(file, job.isUnheard ? await fetchFiles() : files.value);
  signal.throwIfAborted();
  job.isUnheard = false;
  const body = { filename: file.name, size_bytes: file.size, ...(sha256 ? { sha256 } : {}) };
  try {
    return await send("post", "/api/upload/signed", { body });
  } catch (error) {
    job.isUnheard = isUnanswered(error);
    throw error;
  }
}

/** Return a list of which it is known what in it are places that this page uses for such a file. */
async function fetchSettled(file: File): Promise<CourseFile[]> {
  for (;;) {
    await until(() => !isPlaceless(file));
    const found = await fetchFiles();
    // Added again meanwhile, it may be in the list already.
    if (!isPlaceless(file)) return found;
  }
}

/** Give back the place of a file that is not to come, where nobody heard whether it has one. */
export async function freeUnheard(file: File, job: Job): Promise<void> {
  if (!job.isUnheard) return;
  job.isUnheard = false;
  for (let failures = 0; ; failures += 1) {
    await untilOnline();
    try {
      return await freePlaceOf(file, await fetchSettled(file));
    } catch (error) {
      if (!isUnanswered(error) || failures === MAX_FAILURES)
        return reportFailure(strings.value.failures.deleteFile(file.name), error);
      await backOff(failures);
    }
  }
}

/** Delete what was announced, but not the file that a duplicate turned out to be. */
export async function withdraw({ file, upload }: SignedUpload): Promise<void> {
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
