// The files that no question can use yet: how many come by themselves, and how many do not.

import { computed } from "@preact/signals";
import type { File as CourseFile } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { stallOf } from "./reading.ts";
import { isOnTheWay, isUnsent, shipments } from "./shipments.ts";
import { files, filesState, isListed } from "./store.ts";

/** The files whose row is their own, not that of the upload that they come by. */
export const listedFiles = computed(() => files.value.filter(({ id }) => !isOnTheWay(id)));

export const unreadFiles = computed(() =>
  listedFiles.value.filter(({ status }) => status !== "ready"),
);

export const hasArrivals = computed(() => shipments.value.length + unreadFiles.value.length > 0);

const isBeingRead = (file: CourseFile) => file.status === "processing" && !stallOf(file);

/** What became of the files that were added, in a few words; null where there is nothing to tell. */
export const arrivalNews = computed(() => {
  const s = strings.value.ask;
  const isMissing = typeof filesState.value === "object" && !isListed.value;
  if (isMissing) return { text: s.notListed, isBad: true };
  const sent = shipments.value.filter(isUnsent).length;
  const read = unreadFiles.value.filter(isBeingRead).length;
  if (sent + read > 0) return { text: (sent ? s.coming : s.reading)(sent + read), isBad: false };
  const doubled = shipments.value.filter(({ state }) => state.stage === "duplicate").length;
  const failed = shipments.value.length - doubled + unreadFiles.value.length;
  if (failed > 0) return { text: s.notRead(failed), isBad: true };
  return doubled > 0 ? { text: s.doubled(doubled), isBad: false } : null;
});
