// The conversation before the first question.

import { AddFiles } from "../files/file-list.tsx";
import { files, filesState } from "../files/store.ts";
import { shipments } from "../files/uploads.ts";
import { strings } from "../strings/index.ts";
import { Sign } from "../ui/wordmark.tsx";

function FirstTime() {
  const s = strings.value.ask;
  return (
    <div class="welcome">
      <Sign />
      <h2>{s.welcomeTitle}</h2>
      <p class="lead">{s.welcome}</p>
      <AddFiles isPrimary />
      <p class="hint">
        {strings.value.files.drop} · {strings.value.files.types}
      </p>
      <ol class="steps">
        {s.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
    </div>
  );
}

export function Welcome() {
  const s = strings.value.ask;
  if (filesState.value !== "loaded") return null;
  if (files.value.length + shipments.value.length === 0) return <FirstTime />;
  return (
    <div class="welcome">
      <h2>{s.title}</h2>
      <ul class="hints">
        {s.hints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </div>
  );
}
