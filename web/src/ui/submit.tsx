// The button that sends a form.

import type { Failure } from "../api/problems.ts";
import { strings } from "../strings/index.ts";
import { useSecondsUntil } from "./failure.tsx";

interface Props {
  label: string;
  isBusy: boolean;
  /** Why it was refused: it waits as long as the server asked to. */
  failure: Failure | null;
  isDangerous?: boolean;
}

/** Once at a time, and not too early. It keeps the focus: a disabled button would lose it. */
export function Submit({ label, isBusy, failure, isDangerous = false }: Props) {
  const s = strings.value;
  const seconds = useSecondsUntil(failure);
  const isWaiting = isBusy || seconds > 0;
  const onClick = (event: Event) => isWaiting && event.preventDefault();
  return (
    <button
      type="submit"
      class={isDangerous ? "danger" : "primary"}
      aria-disabled={isWaiting || undefined}
      onClick={onClick}
    >
      {isBusy ? s.busy : seconds > 0 ? s.retryIn(seconds) : label}
    </button>
  );
}
