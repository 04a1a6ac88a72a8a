// What a press sets going: whether it is under way, and why it failed.

import { useState } from "preact/hooks";
import { asFailure, type Failure } from "../api/problems.ts";

/** Return what is known of the latest attempt, and how to make one. Raises again what is no Failure. */
export function useAttempt() {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const attempt = async (work: () => Promise<void>) => {
    setFailure(null);
    setBusy(true);
    try {
      await work();
    } catch (error) {
      setFailure(asFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, failure, setFailure, attempt };
}
