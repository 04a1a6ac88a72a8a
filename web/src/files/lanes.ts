// At most so many at once; what comes besides waits for its turn.

type Work<T> = () => Promise<T>;

/** Return what runs work in one of `count` lanes, first come, first served. */
export function lanes(count: number): <T>(work: Work<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;

  const turn = (): Promise<void> | undefined => {
    if (free === 0) return new Promise((resolve) => waiting.push(resolve));
    free -= 1;
    return undefined;
  };
  // A lane goes from one to the next: it is not free between them.
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };
  return async (work) => {
    await turn();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
