import { settled } from "../fetch/time_limit.ts";
import { untilAborted } from "../fetch/until_aborted.ts";

/** Runs tasks one at a time, in the order of the calls. */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether nothing runs or waits. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Runs `task` after those before it. Raises the signal's reason as soon as it aborts. */
  run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last
      .then(() => {
        signal?.throwIfAborted();
        return task();
      })
      .finally(() => this.#waiting--);
    this.#last = settled(result);
    return signal ? untilAborted(result, signal) : result;
  }
}
