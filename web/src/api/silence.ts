// A connection that dies does not always say so.

import { ConnectionLost, isAbort } from "./problems.ts";

/** Call `lose` when the browser goes offline, and when nothing was heard for so long; until `end`. */
export function listen(milliseconds: number, lose: () => void) {
  const over = new AbortController();
  let timer = 0;
  const heard = () => {
    clearTimeout(timer);
    timer = window.setTimeout(lose, milliseconds);
  };
  const end = () => {
    clearTimeout(timer);
    over.abort();
  };
  addEventListener("offline", lose, { signal: over.signal });
  heard();
  return { heard, end };
}

/**
 * Wait for what comes from the network. Raises ConnectionLost when it fails, when the browser goes
 * offline, and after so long a silence; an AbortError as it is.
 */
export function hear<T>(coming: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const lose = () => reject(new ConnectionLost());
    const { end } = listen(milliseconds, lose);
    const fail = (error: unknown) => (isAbort(error) ? reject(error) : lose());
    coming.then(resolve, fail).finally(end);
  });
}

/** Yield a body piece by piece, each waited for as `hear` does. */
export async function* hearPieces<T>(
  body: ReadableStream<T> | null,
  milliseconds: number,
): AsyncGenerator<T> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await hear(reader.read(), milliseconds);
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
