// Signing out: asked about first where something would be lost by it, and told when it did not happen.

import { ConnectionLost } from "../api/problems.ts";
import { signOut } from "../api/session.ts";
import { finishDeletions } from "../chats/store.ts";
import { isUnsent, shipments } from "../files/shipments.ts";
import { cancelUnsent } from "../files/uploads.ts";
import { wait } from "../files/waiting.ts";
import { strings } from "../strings/index.ts";
import { confirmFirst } from "../ui/confirm.tsx";
import { reportFailure } from "../ui/reports.tsx";

/** A place that cannot be given back is no reason to stay. */
const GIVING_BACK_MILLISECONDS = 3_000;

/** On a shared machine nobody may believe to be signed out who is not. */
async function signOutNow(): Promise<void> {
  try {
    // Whoever cannot leave keeps what is on its way.
    if (!navigator.onLine) throw new ConnectionLost();
    // Nobody can delete them any more once the session is over, nor what was announced.
    await finishDeletions();
    await Promise.race([cancelUnsent(), wait(GIVING_BACK_MILLISECONDS)]);
    await signOut();
  } catch (error) {
    reportFailure(strings.value.failures.signOut, error);
  }
}

function askFirst(unsent: number): void {
  const s = strings.value.account;
  confirmFirst({
    title: s.signOutTitle,
    text: s.signOutText(unsent),
    action: s.signOut,
    run: signOutNow,
  });
}

/** Sign out, but not unasked where files are on their way that only this page has. */
export function leave(): void {
  const unsent = shipments.value.filter(isUnsent).length;
  if (unsent > 0) askFirst(unsent);
  else signOutNow();
}
