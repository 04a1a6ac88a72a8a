// Signing out, and saying so when it did not happen.

import { signOut } from "../api/session.ts";
import { finishDeletions } from "../chats/store.ts";
import { strings } from "../strings/index.ts";
import { reportFailure } from "../ui/reports.tsx";

/** On a shared machine nobody may believe to be signed out who is not. */
export async function leave(): Promise<void> {
  try {
    // Nobody can delete them any more once the session is over.
    await finishDeletions();
    await signOut();
  } catch (error) {
    reportFailure(strings.value.failures.signOut, error);
  }
}
