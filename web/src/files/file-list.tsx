// The files at the side: those that are here, those on their way, and how to add more.

import { useRef } from "preact/hooks";
import type { File as CourseFile } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { Icon } from "../ui/icon.tsx";
import { hasArrivals, listedFiles, unreadFiles } from "./arrivals.ts";
import { FileRow } from "./file-row.tsx";
import { ShipmentRow } from "./shipment-row.tsx";
import { shipments } from "./shipments.ts";
import { chooseAll, chosenFiles, files, filesState, loadFiles, readyFiles } from "./store.ts";
import { addFiles } from "./uploads.ts";

const ACCEPTED = ".pdf,.docx,.pptx,.html,.htm,.xhtml,.md,.markdown,.txt,.text";

export function AddFiles({ isPrimary = false }: { isPrimary?: boolean }) {
  const s = strings.value.files;
  const input = useRef<HTMLInputElement>(null);
  const take = () => {
    if (!input.current) return;
    addFiles(Array.from(input.current.files ?? []));
    // So that choosing the same file again is a change again.
    input.current.value = "";
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={ACCEPTED}
        aria-label={s.add}
        onChange={take}
      />
      <button
        type="button"
        class={isPrimary ? "primary" : "quiet"}
        onClick={() => input.current?.click()}
      >
        <Icon name="plus" />
        {s.add}
      </button>
    </>
  );
}

/** Where nothing can be dropped only what can be added is told. */
export function WaysIn() {
  const s = strings.value.files;
  return (
    <>
      <span class="by-mouse">{s.drop} · </span>
      {s.types}
    </>
  );
}

/** One tick for all files; half a tick where only some are used. */
function UseAll() {
  const chosen = chosenFiles.value.length;
  const total = readyFiles.value.length;
  if (total < 2) return null;
  return (
    <label class="use-all">
      <input
        type="checkbox"
        checked={chosen === total}
        indeterminate={chosen > 0 && chosen < total}
        onChange={() => chooseAll(chosen < total)}
      />
      {strings.value.files.useAll}
    </label>
  );
}

/** Uploads on their way, and files. */
function Rows({ of, label }: { of: CourseFile[]; label?: string }) {
  return (
    <ul class="rows" aria-label={label}>
      {shipments.value.map((shipment) => (
        <ShipmentRow key={shipment.key} shipment={shipment} />
      ))}
      {of.map((file) => (
        <FileRow key={file.id} file={file} />
      ))}
    </ul>
  );
}

/** What no question can use yet, to be seen where the list itself is not. */
export function Arrivals() {
  return hasArrivals.value ? (
    <Rows of={unreadFiles.value} label={strings.value.files.title} />
  ) : null;
}

export function FileList() {
  const s = strings.value.files;
  const state = filesState.value;
  const isEmpty = state === "loaded" && files.value.length + shipments.value.length === 0;
  return (
    <section aria-labelledby="files-title">
      <div class="section-head">
        <h2 id="files-title" tabIndex={-1}>
          {s.title}
        </h2>
        <AddFiles />
      </div>
      {typeof state === "object" && (
        <FailureNote failure={state}>
          <Retry failure={state} onRetry={loadFiles} />
        </FailureNote>
      )}
      {isEmpty && <p class="hint">{s.empty}</p>}
      <UseAll />
      <Rows of={listedFiles.value} />
      {!isEmpty && (
        <p class="hint drop-hint">
          <WaysIn />
        </p>
      )}
    </section>
  );
}
