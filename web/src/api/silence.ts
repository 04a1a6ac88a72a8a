// A connection that dies does not always say so.

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
