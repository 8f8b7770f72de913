const LONGEST_WAIT = 200;

/**
 * Runs `work`, under the Web Lock of this name if it is free within 200 ms. The lock saves requests:
 * another tab does the same work. Nothing depends on it, so a lock that hangs does no harm.
 */
export async function underLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();

  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  const abort = new AbortController();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      abort.abort();
      resolve();
    }, LONGEST_WAIT);
    const granted = () => {
      clearTimeout(timer);
      resolve();
      return released;
    };
    locks.request(name, { signal: abort.signal }, granted).catch(resolve);
  });

  try {
    return await work();
  } finally {
    release();
  }
}
