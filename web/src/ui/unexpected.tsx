// What nobody has thought of: said, rather than leaving a page that is blank or does nothing.

import type { ComponentChildren } from "preact";
import { useErrorBoundary } from "preact/hooks";
import { strings } from "../strings/index.ts";
import { report } from "./reports.tsx";
import { Wordmark } from "./wordmark.tsx";

// A press that came to nothing. The browser's console has the rest.
addEventListener("unhandledrejection", () => report(strings.value.unexpected));

/** Show its children, or that they cannot be shown. */
export function Unexpected({ children }: { children: ComponentChildren }) {
  const s = strings.value;
  const [error] = useErrorBoundary((thrown) => console.error(thrown));
  if (!error) return <>{children}</>;
  return (
    <main class="boot">
      <h1>
        <Wordmark />
      </h1>
      <div class="note failure" role="alert">
        <p>{s.unexpected}</p>
        <button type="button" class="quiet" onClick={() => location.reload()}>
          {s.reload}
        </button>
      </div>
    </main>
  );
}
