// What failed after a press, where everybody sees it: it stays until it is closed.

import { signal } from "@preact/signals";
import { asFailure, Problem } from "../api/problems.ts";
import { explain, strings } from "../strings/index.ts";
import { focusFirst, focusWork, useFocusAfter } from "./focus.ts";
import { Icon } from "./icon.tsx";

interface Told {
  key: number;
  text: string;
  /** What had the focus when it was told. */
  at: Element | null;
}

let count = 0;
const reports = signal<Told[]>([]);

function close(key: number): void {
  reports.value = reports.value.filter((report) => report.key !== key);
}

/** Say it; what is said already is said anew rather than twice. */
export function report(text: string): void {
  count += 1;
  const others = reports.value.filter((other) => other.text !== text);
  reports.value = [...others, { key: count, text, at: document.activeElement }];
}

/** Say what did not happen, why, and what to do. Raises again what is no Failure. */
export function reportFailure(what: string, error: unknown): void {
  const failure = asFailure(error);
  // The session is over: the sign-in view says so.
  if (failure instanceof Problem && failure.status === 401) return;
  report(`${what} ${explain(failure)}`);
}

/** Whoever has closed it goes on with the next one, or where they were, or at their question. */
function leave(gone: Element, { at }: Told): void {
  const others = document.querySelectorAll(".toast.failure button");
  const next = [...others].find((button) => !gone.contains(button));
  focusFirst(next, at);
  if (gone.contains(document.activeElement)) focusWork();
}

function Report({ told }: { told: Told }) {
  const s = strings.value;
  const toast = useFocusAfter<HTMLDivElement>((gone) => leave(gone, told));
  return (
    <div ref={toast} class="toast failure">
      <p role="alert">{told.text}</p>
      <button type="button" aria-label={s.close} title={s.close} onClick={() => close(told.key)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

export function Reports() {
  return (
    <>
      {reports.value.map((told) => (
        <Report key={told.key} told={told} />
      ))}
    </>
  );
}
