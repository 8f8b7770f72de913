const LONGEST_WAIT = 200;

/**
 * Runs `work`, under the Web Lock of this name if it is free within 200 ms. The lock saves
 * requests, because another tab may do the same work. Nothing else depends on it, so a lock that
 * hangs does no harm.
 */
export async function underLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const locks = globalThis.navigator?.locks;
  if (locks) {
    await new Promise<unknown>((begin) => {
      setTimeout(begin, LONGEST_WAIT);
      // If it is granted too late, it is held until the work is done, or not at all.
      locks.request(name, () => (begin(0), released)).catch(begin);
    });
  }

  try {
    return await work();
  } finally {
    release();
  }
}
