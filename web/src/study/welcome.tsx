// The conversation before the first question.

import { hasArrivals } from "../files/arrivals.ts";
import { AddFiles, Arrivals, WaysIn } from "../files/file-list.tsx";
import { filesState, isListed, loadFiles, readyFiles } from "../files/store.ts";
import { strings } from "../strings/index.ts";
import { FailureNote, Retry } from "../ui/failure.tsx";
import { focusWork, useFocusAfter } from "../ui/focus.ts";
import { Sign } from "../ui/wordmark.tsx";
import { isNarrow } from "./layout.ts";

function FirstTime() {
  const s = strings.value.ask;
  // It goes as soon as there is something to ask about.
  const view = useFocusAfter<HTMLDivElement>(focusWork);
  return (
    <div ref={view} class="welcome">
      <Sign />
      <h2>{s.welcomeTitle}</h2>
      <p class="lead">{hasArrivals.value ? s.soon : s.welcome}</p>
      {isNarrow.value && <Arrivals />}
      <AddFiles isPrimary={!hasArrivals.value} />
      <p class="hint">
        <WaysIn />
      </p>
      <ol class="steps">
        {s.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}

/** Before the list of files is here. That it does not come is told there, where it is in sight. */
function Unlisted() {
  const state = filesState.value;
  if (typeof state !== "object" || !isNarrow.value) return null;
  return (
    <FailureNote failure={state}>
      <Retry failure={state} onRetry={loadFiles} />
    </FailureNote>
  );
}

export function Welcome() {
  const s = strings.value.ask;
  if (!isListed.value) return <Unlisted />;
  if (readyFiles.value.length === 0) return <FirstTime />;
  return (
    <div class="welcome">
      <h2>{s.title}</h2>
      {isNarrow.value && <Arrivals />}
      <ul class="hints">
        {s.hints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </div>
  );
}
