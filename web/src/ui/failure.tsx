// A failure as the user sees it: what happened, and a way on that opens when there is one.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { type Failure, Problem } from "../api/problems.ts";
import { explain, strings } from "../strings/index.ts";
import { focusAround, useFocusAfter } from "./focus.ts";
import { Icon } from "./icon.tsx";

/** Seconds until the server wants to be asked again, counted down. */
export function useSecondsUntil(failure: Failure | null): number {
  const at = failure instanceof Problem ? failure.retryAt : null;
  const left = () => (at ? Math.max(0, Math.ceil((at - Date.now()) / 1000)) : 0);
  const [seconds, setSeconds] = useState(left);
  // At once: a second press is not to be early.
  useLayoutEffect(() => {
    setSeconds(left());
    if (!at) return;
    const timer = setInterval(() => setSeconds(left()), 1000);
    return () => clearInterval(timer);
  }, [at]);
  return seconds;
}

interface RetryProps {
  failure: Failure | null;
  label?: string;
  disabled?: boolean;
  onRetry: () => void;
}

/** A button that waits as long as the server asked to. */
export function Retry({ failure, label, disabled, onRetry }: RetryProps) {
  const s = strings.value;
  const seconds = useSecondsUntil(failure);
  const isWaiting = disabled || seconds > 0;
  // It goes with the failure, as soon as there is another try.
  const button = useFocusAfter<HTMLButtonElement>(focusAround);
  return (
    <button
      ref={button}
      type="button"
      class="quiet"
      aria-disabled={isWaiting || undefined}
      onClick={isWaiting ? undefined : onRetry}
    >
      <Icon name="retry" />
      {seconds > 0 ? s.retryIn(seconds) : (label ?? s.tryAgain)}
    </button>
  );
}

export function FailureNote({
  failure,
  children,
}: {
  failure: Failure;
  children?: ComponentChildren;
}) {
  return (
    <div class="note failure">
      {/* Without what follows: a button that counts down would be read at every second. */}
      <p role="alert">{explain(failure)}</p>
      {children}
    </div>
  );
}
