// Before it is known who is there: a moment, or longer without a connection.

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { asFailure, ConnectionLost, type Failure } from "./api/problems.ts";
import { lookWhoIsThere, user } from "./api/session.ts";
import { onceOnline } from "./connection.ts";
import { FailureNote, Retry } from "./ui/failure.tsx";
import { Wordmark } from "./ui/wordmark.tsx";

const failure = signal<Failure | null>(null);

async function begin(): Promise<void> {
  failure.value = null;
  try {
    await lookWhoIsThere();
  } catch (error) {
    failure.value = asFailure(error);
  }
}

// Coming back online is the user's wish fulfilled: nobody has to press anything.
onceOnline(() => user.value === undefined, begin);

export function Boot() {
  useEffect(() => {
    begin();
  }, []);
  const told = failure.value;
  const shown = told instanceof ConnectionLost || (told && told.status !== 401) ? told : null;
  return (
    <main class="boot" tabIndex={-1}>
      <h1>
        <Wordmark />
      </h1>
      {shown && (
        <FailureNote failure={shown}>
          <Retry failure={shown} onRetry={begin} />
        </FailureNote>
      )}
    </main>
  );
}
