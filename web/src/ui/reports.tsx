// What failed after a press, where everybody sees it: it stays until it is closed.

import { signal } from "@preact/signals";
import { asFailure, Problem } from "../api/problems.ts";
import { explain, strings } from "../strings/index.ts";
import { Icon } from "./icon.tsx";

let count = 0;
const reports = signal<{ key: number; text: string }[]>([]);

function close(key: number): void {
  reports.value = reports.value.filter((report) => report.key !== key);
}

/** Say it; what is said already is said anew rather than twice. */
export function report(text: string): void {
  count += 1;
  const others = reports.value.filter((other) => other.text !== text);
  reports.value = [...others, { key: count, text }];
}

/** Say what did not happen, why, and what to do. Raises again what is no Failure. */
export function reportFailure(what: string, error: unknown): void {
  const failure = asFailure(error);
  // The session is over: the sign-in view says so.
  if (failure instanceof Problem && failure.status === 401) return;
  report(`${what} ${explain(failure)}`);
}

export function Reports() {
  const s = strings.value;
  return (
    <>
      {reports.value.map(({ key, text }) => (
        <div key={key} class="toast failure">
          <p role="alert" dir="auto">
            {text}
          </p>
          <button type="button" aria-label={s.close} title={s.close} onClick={() => close(key)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </>
  );
}
