/** Locks that tabs of one origin share. */
import { InactivityTimeout, STALL_TIMEOUT } from "./inactivity.ts";

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
 * called `keepAlive` for `stallTimeout`. Without the lock the task runs too: a duplicate download is better than none.
 */
export async function withLock<T>(
  name: string,
  { signal, stallTimeout = STALL_TIMEOUT }: WaitOptions,
  task: (keepAlive: () => void) => Promise<T>,
): Promise<T> {
  const locks = lockManager();
  if (!locks || !("BroadcastChannel" in globalThis)) return task(() => {});
  const channel = new BroadcastChannel(name);
  const timeout = new InactivityTimeout(stallTimeout, signal);
  channel.onmessage = () => timeout.restart();
  let started = false as boolean; // assigned in the callback
  try {
    return await locks.request(name, { signal: timeout.signal }, () => {
      started = true;
      timeout.stop();
      channel.onmessage = null;
      return task(() => channel.postMessage(""));
    });
  } catch (error) {
    if (started) throw error;
    signal?.throwIfAborted();
    return await task(() => {});
  } finally {
    timeout.stop();
    channel.close();
  }
}
