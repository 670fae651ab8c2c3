/** Locks that tabs of one origin share. */
import { InactivityTimeout, STALL_TIMEOUT } from "./inactivity.ts";
import { untilAborted } from "./until_aborted.ts";

export interface WaitOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds of inactivity of the holder after which the lock is not awaited any longer. */
  stallTimeout?: number | undefined;
}

/** The Web Locks API; absent on pages from plain HTTP and in older browsers. */
export function lockManager(): LockManager | undefined {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
}

/**
 * Runs `task` while it holds the lock `name`. A suspended tab keeps its locks, so waiting ends when the holder has not
 * called `keepAlive` for `stallTimeout`. Without the lock the task runs too, after a call of `unlocked`: a duplicate download
 * is better than none.
 */
export async function withLock<T>(
  name: string,
  { signal, stallTimeout = STALL_TIMEOUT }: WaitOptions,
  task: (keepAlive: () => void) => Promise<T>,
  unlocked: () => void,
): Promise<T> {
  const locks = lockManager();
  if (!locks || !("BroadcastChannel" in globalThis)) return task(() => {});
  const channel = new BroadcastChannel(name);
  const timeout = new InactivityTimeout(stallTimeout, signal);
  channel.onmessage = () => timeout.restart();
  let started = false as boolean; // assigned in the callback
  try {
    const request = locks.request(name, { signal: timeout.signal }, () => {
      if (timeout.signal.aborted) throw new Error("too late");
      started = true;
      timeout.stop();
      channel.onmessage = null;
      return task(() => channel.postMessage(""));
    });
    request.catch(() => {}); // raised below, unless the time is up before
    // A manager that does not answer does not look at the signal either; `timeout` aborts no longer once it is stopped.
    return await untilAborted(request, timeout.signal);
  } catch (error) {
    if (started) throw error;
    signal?.throwIfAborted();
    unlocked();
    return await task(() => {});
  } finally {
    timeout.stop();
    channel.close();
  }
}
