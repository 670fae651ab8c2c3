/** Who may work on what: one tab at a time on a part, and few parts at a time in a tab. */
import { Stall, STALL_TIMEOUT } from "./inactivity.ts";

export interface Patience {
  signal?: AbortSignal | undefined;
  /** Milliseconds without a sign of life after which another tab's work is not waited for. */
  stallTimeout?: number | undefined;
}

/**
 * Runs `task` while no other tab runs one called `name`. A tab that was put to sleep keeps its locks, so others wait
 * only as long as the one before calls `alive`. Where no lock can be had the task runs without: twice is better than not
 * at all.
 */
export async function alone<T>(
  name: string,
  { signal, stallTimeout = STALL_TIMEOUT }: Patience,
  task: (alive: () => void) => Promise<T>,
): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks || !globalThis.BroadcastChannel) return task(() => {});
  const channel = new BroadcastChannel(name);
  const wait = new Stall(stallTimeout, signal);
  channel.onmessage = () => wait.restart();
  let started = false;
  try {
    return await (locks.request(name, { signal: wait.signal }, () => {
      started = true;
      wait.stop();
      channel.onmessage = null;
      return task(() => channel.postMessage(""));
    }) as Promise<T>);
  } catch (error) {
    if (started) throw error;
    signal?.throwIfAborted();
    return await task(() => {});
  } finally {
    wait.stop();
    channel.close();
  }
}

/** Lets a few tasks run at a time, in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Raises the signal's reason, also while `task` waits. */
  async run<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
    await this.#slot(signal);
    try {
      return await task();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    }
  }

  #slot(signal: AbortSignal): Promise<void> | undefined {
    signal.throwIfAborted();
    if (this.#free) {
      this.#free--;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.add(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
