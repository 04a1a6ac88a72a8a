// Waiting: for a while, for the connection, and for what signals say.

import { effect } from "@preact/signals";

const MIN_WAIT_MILLISECONDS = 1_500;
const MAX_WAIT_MILLISECONDS = 30_000;

/** Wait so long, or until somebody does not want to any more. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve(); // it tells of that no more
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Longer each time, and never all uploads at once. */
export function backOff(failures: number): Promise<void> {
  const longest = Math.min(MAX_WAIT_MILLISECONDS, MIN_WAIT_MILLISECONDS * 2 ** failures);
  return wait(longest * (0.5 + Math.random() / 2));
}

/** Wait until the browser says it is online; at once if it already does. */
export function untilOnline(): Promise<void> {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve) => addEventListener("online", () => resolve(), { once: true }));
}

/** Wait until `holds`, which reads signals, is true. */
export function until(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const dispose = effect(() => {
      if (!holds()) return;
      resolve();
      queueMicrotask(() => dispose());
    });
  });
}
