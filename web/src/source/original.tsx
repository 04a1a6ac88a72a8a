// The file as it was uploaded, opened at the page.

import { useEffect, useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/problems.ts";
import { download } from "../files/download.ts";
import type { File as CourseFile } from "../schema.ts";
import { strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { Icon } from "../ui/icon.tsx";
import { originalUrl } from "./store.ts";

/** Storage takes an address for five minutes; an older one is asked for anew before it is used. */
const FRESH_MILLISECONDS = 4 * 60_000;

interface Signed {
  file: CourseFile;
  url: string;
  at: number;
}

interface Opened {
  signed: Signed;
  page: number;
}

/** Also after the clock was set back nothing is taken for fresh. */
const isFresh = ({ at }: Signed) => Math.abs(Date.now() - at) < FRESH_MILLISECONDS;

const isPdf = (file: CourseFile) => file.content_type === "application/pdf";

async function sign(file: CourseFile): Promise<Signed> {
  const at = Date.now();
  return { file, url: await originalUrl(file.id, !isPdf(file)), at };
}

/** Return the file's address for this page, signed anew where it is too old for another use. */
function useOriginal(file: CourseFile, page: number) {
  const [opened, setOpened] = useState<Opened | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const known = opened?.signed.file.id === file.id ? opened : null;
  const open = async (isCurrent = () => true) => {
    setFailure(null);
    try {
      const signed = known && isFresh(known.signed) ? known.signed : await sign(file);
      if (isCurrent()) setOpened({ signed, page });
    } catch (error) {
      if (isCurrent()) setFailure(asFailure(error));
    }
  };
  useEffect(() => {
    let isLeft = false;
    open(() => !isLeft);
    return () => {
      isLeft = true;
    };
  }, [file.id, page]);
  return { known, failure, open, setFailure };
}

interface LinkProps {
  signed: Signed;
  fragment?: string;
  isTab?: boolean;
  icon: "open" | "download";
  label: string;
  onFailure: (failure: Failure) => void;
}

/** A link to a tab, or to a download; it signs its address anew when it has lain too long. */
function OriginalLink({ signed, fragment = "", isTab, icon, label, onFailure }: LinkProps) {
  const follow = async (event: MouseEvent) => {
    if (event.button > 1 || (isTab && isFresh(signed))) return;
    event.preventDefault();
    // Opened now: after waiting the browser would not believe that anybody pressed.
    const tab = isTab ? window.open("about:blank", "_blank") : null;
    if (tab) tab.opener = null;
    try {
      const { url } = isFresh(signed) ? signed : await sign(signed.file);
      if (isTab) tab?.location.assign(url + fragment);
      else await download(url);
    } catch (error) {
      tab?.close();
      onFailure(asFailure(error));
    }
  };
  return (
    <a
      class="quiet"
      href={signed.url + fragment}
      target={isTab ? "_blank" : undefined}
      rel="noreferrer"
      onClick={follow}
      onAuxClick={follow}
    >
      <Icon name={icon} />
      {label}
    </a>
  );
}

export function Original({ file, page }: { file: CourseFile; page: number }) {
  const s = strings.value.source;
  const { known, failure, open, setFailure } = useOriginal(file, page);
  if (failure)
    return (
      <FailureNote failure={failure}>
        <Retry failure={failure} onRetry={() => open()} />
      </FailureNote>
    );
  if (!known) return <p class="hint">{strings.value.loading}</p>;
  const { signed } = known;
  if (!isPdf(file))
    return (
      <div class="original">
        <p class="hint">{s.notPdf}</p>
        <OriginalLink signed={signed} icon="download" label={s.save} onFailure={setFailure} />
      </div>
    );
  const fragment = `#page=${known.page}&view=FitH&navpanes=0`;
  const isFramed = navigator.pdfViewerEnabled;
  return (
    <div class="original">
      {!isFramed && <p class="hint">{s.noFrame}</p>}
      <OriginalLink
        isTab
        signed={signed}
        fragment={fragment}
        icon="open"
        label={s.openTab}
        onFailure={setFailure}
      />
      {isFramed && (
        <iframe key={known.page} src={signed.url + fragment} title={s.frame(file.filename)} />
      )}
    </div>
  );
}
