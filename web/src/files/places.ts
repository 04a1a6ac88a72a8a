// The places that the server holds for files whose bytes are to come.

import { send } from "../api/client.ts";
import type { SignedUpload } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { reportFailure } from "../ui/reports.tsx";
import { hash } from "./device.ts";
import { isOnTheWay, type Job } from "./shipments.ts";
import { deleteFile, dropFile, fetchFiles, files, keepFile } from "./store.ts";

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

export async function announceFile(file: File, { abort, delivery }: Job): Promise<SignedUpload> {
  const sha256 = await hash(file);
  abort.signal.throwIfAborted();
  await freePlaceOf(file, delivery.failures > 0);
  const body = { filename: file.name, size_bytes: file.size, ...(sha256 ? { sha256 } : {}) };
  return send("post", "/api/upload/signed", { body });
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
