// Before it is known who is there: a moment, or longer without a connection.

import { useEffect, useState } from "preact/hooks";
import { asFailure, ConnectionLost, type Failure } from "./api/problems.ts";
import { isRemembered, refresh, user } from "./api/session.ts";
import { isOnline } from "./connection.ts";
import { FailureNote, Retry } from "./ui/failure.tsx";
import { Wordmark } from "./ui/wordmark.tsx";

export function Boot() {
  const [failure, setFailure] = useState<Failure | null>(null);
  const begin = () => {
    setFailure(null);
    if (isRemembered()) refresh().catch((error: unknown) => setFailure(asFailure(error)));
    else user.value = null;
  };
  // Coming back online is the user's wish fulfilled: nobody has to press anything.
  useEffect(begin, [isOnline.value]);
  const shown =
    failure instanceof ConnectionLost || (failure && failure.status !== 401) ? failure : null;
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
