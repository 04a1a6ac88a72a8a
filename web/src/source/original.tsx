// The file as it was uploaded, opened at the page.

import { useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/problems.ts";
import type { File as CourseFile } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { FailureNote } from "../ui/failure.tsx";
import { Icon } from "../ui/icon.tsx";
import { originalUrl } from "./store.ts";

function Shown({ file, url, page }: { file: CourseFile; url: string; page: number }) {
  const s = strings.value.source;
  const address = `${url}#page=${page}&view=FitH&navpanes=0`;
  const isFramed = navigator.pdfViewerEnabled;
  return (
    <>
      {!isFramed && <p class="hint">{s.noFrame}</p>}
      <a class="quiet" href={address} target="_blank" rel="noreferrer">
        <Icon name="open" />
        {s.openTab}
      </a>
      {isFramed && <iframe key={page} src={address} title={s.frame(file.filename)} />}
    </>
  );
}

export function Original({ file, page }: { file: CourseFile; page: number }) {
  const s = strings.value.source;
  const [url, setUrl] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const isPdf = file.content_type === "application/pdf";
  useEffect(() => {
    setUrl(null);
    originalUrl(file.id).then(setUrl, (error: unknown) => setFailure(asFailure(error)));
  }, [file.id]);
  if (failure) return <FailureNote failure={failure} />;
  if (!url) return <p class="hint">{strings.value.loading}</p>;
  return (
    <div class="original">
      {isPdf ? (
        <Shown file={file} url={url} page={page} />
      ) : (
        <>
          <p class="hint">{s.notPdf}</p>
          <a class="quiet" href={url} rel="noreferrer">
            <Icon name="download" />
            {s.save}
          </a>
        </>
      )}
    </div>
  );
}
