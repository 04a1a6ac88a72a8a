// Whether the browser says that it is online, and what is done again when it is, or when somebody is back.

import { signal } from "@preact/signals";
import { wait } from "./files/waiting.ts";

/** A connection that has just been found may not carry at first: how often to try, and how soon. */
export const MOST_TRIES = 4;
export const AGAIN_MILLISECONDS = 1_000;
/** What is older may lack something that was added or asked on another device. */
const STALE_MILLISECONDS = 60_000;

export const isOnline = signal(navigator.onLine);

for (const name of ["online", "offline"]) {
  addEventListener(name, () => {
    isOnline.value = navigator.onLine;
  });
}

/** Do again, as somebody comes back to the page, what was done a while ago. Returns how to end that. */
export function onReturn(action: () => void): () => void {
  let doneAt = Date.now();
  const look = () => {
    // By a clock that may have been set back.
    const isFresh = Math.abs(Date.now() - doneAt) < STALE_MILLISECONDS;
    if (document.hidden || !navigator.onLine || isFresh) return;
    doneAt = Date.now();
    action();
  };
  const listening = new AbortController();
  const options = { signal: listening.signal };
  document.addEventListener("visibilitychange", look, options);
  for (const name of ["focus", "online"]) addEventListener(name, look, options);
  return () => listening.abort();
}

/** When the connection is back, load what is needed, again and again as long as that is so. */
export function onceOnline(isNeeded: () => boolean, load: () => Promise<void>): void {
  addEventListener("online", async () => {
    for (let tries = 1; isNeeded() && navigator.onLine; tries += 1) {
      await load();
      if (tries === MOST_TRIES) return;
      await wait(AGAIN_MILLISECONDS * tries);
    }
  });
}
