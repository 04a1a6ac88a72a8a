// Files dropped or pasted anywhere on the page.

import { useLayoutEffect, useState } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { addFiles } from "./uploads.ts";

function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

// Where no file is taken the browser would open it in place of the page.
addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  if (event.dataTransfer) event.dataTransfer.dropEffect = "none";
});
addEventListener("drop", (event) => hasFiles(event) && event.preventDefault());

const RICH_TEXT = ["text/html", "text/rtf"];

/**
 * Office puts a picture beside the words that it copies: who is writing wants the words. Plain text alone is beside
 * the files that a Mac copies, too, their names; and HTML alone beside a picture that was copied in a browser.
 */
function isText({ target, clipboardData }: ClipboardEvent): boolean {
  const isWriting = target instanceof HTMLElement && target.matches("input, textarea");
  const types = clipboardData?.types ?? [];
  return isWriting && types.includes("text/plain") && RICH_TEXT.some((it) => types.includes(it));
}

function paste(event: ClipboardEvent): void {
  const pasted = Array.from(event.clipboardData?.files ?? []);
  if (!pasted.length || isText(event)) return;
  event.preventDefault();
  addFiles(pasted);
}

/** Listen on the window: `onOver` says whether files hang over it. */
function listen(onOver: (isOver: boolean) => void): () => void {
  const listening = new AbortController();
  const options = { signal: listening.signal };
  let depth = 0;
  const move = (by: number) => (event: DragEvent) => {
    if (!hasFiles(event)) return;
    depth += by;
    onOver(depth > 0);
  };
  const invite = (event: DragEvent) => {
    if (event.dataTransfer && hasFiles(event)) event.dataTransfer.dropEffect = "copy";
  };
  const drop = (event: DragEvent) => {
    depth = 0;
    onOver(false);
    if (!hasFiles(event)) return;
    addFiles(Array.from(event.dataTransfer?.files ?? []));
  };
  addEventListener("dragenter", move(1), options);
  addEventListener("dragleave", move(-1), options);
  addEventListener("dragover", invite, options);
  addEventListener("drop", drop, options);
  addEventListener("paste", paste, options);
  return () => listening.abort();
}

export function DropZone() {
  const [isOver, setOver] = useState(false);
  useLayoutEffect(() => listen(setOver), []);
  return isOver ? (
    <div class="drop-zone" aria-hidden="true">
      {strings.value.files.dropHere}
    </div>
  ) : null;
}
