// One file of the user's in the list.

import { useState } from "preact/hooks";
import { send } from "../api/client.ts";
import { href, withPlace } from "../routes.ts";
import type { File as CourseFile } from "../schema.ts";
import { explain, strings } from "../strings/index.ts";
import { announce } from "../ui/announcer.tsx";
import { IconButton, QuietButton } from "../ui/button.tsx";
import { confirmFirst } from "../ui/confirm.tsx";
import { Retry } from "../ui/failure.tsx";
import { focusFirst } from "../ui/focus.ts";
import { Icon } from "../ui/icon.tsx";
import { reportFailure } from "../ui/reports.tsx";
import { reveal } from "../ui/reveal.ts";
import { download } from "./download.ts";
import { ProgressBar } from "./progress-bar.tsx";
import { isRetryable, readingProblem, readOn, stallOf } from "./reading.ts";
import { DottedName, FileName } from "./row-name.tsx";
import { deleteFile, excluded, toggle } from "./store.ts";

function Reading({ file }: { file: CourseFile }) {
  const s = strings.value.files;
  const { pages_done: done, pages_total: total } = file.progress;
  const text = total
    ? s.reading(Math.min(done + 1, total), total, file.page_kind)
    : s.waitsForReading;
  return <ProgressBar text={text} share={total ? done / total : null} />;
}

/** After this the address that its bytes go to is no good any more. */
const SENDABLE_MILLISECONDS = 2 * 60 * 60 * 1000;

function mayBeSent(file: CourseFile): boolean {
  return Date.now() - Date.parse(file.created_at) < SENDABLE_MILLISECONDS;
}

function State({ file }: { file: CourseFile }) {
  const s = strings.value.files;
  const stall = stallOf(file);
  if (stall) return <p class="meta problem">{explain(stall)}</p>;
  if (file.status === "processing") return <Reading file={file} />;
  if (file.status === "awaiting_upload")
    return <p class="meta problem">{mayBeSent(file) ? s.awaited : s.broken}</p>;
  if (file.status === "failed") {
    const problem = readingProblem(file);
    return <p class="meta problem">{problem && explain(problem)}</p>;
  }
  const count = file.page_count ?? 0;
  return (
    <>
      <p class="meta">
        {s.count(count, file.page_kind)} · {s.size(file.size_bytes)}
      </p>
      {file.empty_pages > 0 && (
        <p class="meta gap">
          <Icon name="gap" />
          {s.gaps(file.empty_page_numbers, count, file.page_kind)}
        </p>
      )}
    </>
  );
}

async function downloadFile(file: CourseFile): Promise<void> {
  const options = { path: { file_id: file.id }, query: { as: "url", download: true } } as const;
  try {
    const { url } = await send("get", "/api/upload/{file_id}/content", options);
    await download(url);
  } catch (error) {
    reportFailure(strings.value.failures.download(file.filename), error);
  }
}

/** Give the focus of a row that goes to the heading of its list; that of a shut drawer takes none. */
function leaveRow(): void {
  const places = ["files-title", "conversation"];
  setTimeout(() => {
    const active = document.activeElement;
    const isFree = active === document.body || active?.closest(".row.file");
    if (isFree) focusFirst(...places.map((id) => document.getElementById(id)));
  });
}

function askDeletion(file: CourseFile): void {
  const s = strings.value.files;
  confirmFirst({
    title: s.deleteTitle(file.filename),
    text: s.deleteText,
    action: s.delete,
    run: () => {
      deleteFile(file.id).then(
        () => announce(s.deleted(file.filename)),
        (error: unknown) => reportFailure(strings.value.failures.deleteFile(file.filename), error),
      );
      leaveRow();
    },
  });
}

function Actions({ file }: { file: CourseFile }) {
  const s = strings.value.files;
  const isStored = file.status !== "awaiting_upload";
  return (
    <div ref={reveal} class="actions">
      {file.status === "ready" && (
        <a class="quiet" href={href(withPlace({ file: file.id, page: 1, quote: null }))}>
          <Icon name="read" />
          {s.open}
        </a>
      )}
      {isStored && (
        <QuietButton icon="download" label={s.download} onClick={() => downloadFile(file)} />
      )}
      <QuietButton icon="trash" label={s.delete} onClick={() => askDeletion(file)} />
    </div>
  );
}

/** Whether questions use it. */
function Choice({ file }: { file: CourseFile }) {
  return (
    <label class="pick">
      <input
        type="checkbox"
        aria-label={strings.value.files.use(file.filename)}
        checked={!excluded.value.has(file.id)}
        onChange={() => toggle(file.id)}
      />
      <FileName name={file.filename} />
    </label>
  );
}

export function FileRow({ file }: { file: CourseFile }) {
  const s = strings.value.files;
  const [isOpen, setOpen] = useState(false);
  const failure = stallOf(file) ?? readingProblem(file);
  return (
    <li class={`row file ${isRetryable(file) ? "failed" : file.status}`}>
      <div class="row-line">
        <div class="row-body">
          {file.status === "ready" ? <Choice file={file} /> : <DottedName name={file.filename} />}
          <State file={file} />
          {isRetryable(file) && <Retry failure={failure} onRetry={() => readOn(file)} />}
        </div>
        <IconButton
          icon="more"
          label={s.actions(file.filename)}
          isOpen={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
      </div>
      {isOpen && <Actions file={file} />}
    </li>
  );
}
