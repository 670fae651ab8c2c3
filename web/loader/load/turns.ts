import { settled, within } from "../fetch/time_limit.ts";
import { untilAborted } from "../fetch/until_aborted.ts";

/** Milliseconds after which a task no longer holds up the next one. */
const PATIENCE = 2000;

/** Runs tasks one at a time, in the order of the calls; one that takes long goes on beside the next. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Raises the signal's reason as soon as it aborts. */
  run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const started = this.#last.then(() => {
      signal?.throwIfAborted();
      const running = task();
      return { result: signal ? untilAborted(running, signal) : running };
    });
    const result = started.then((turn) => turn.result);
    this.#last = settled(started.then((turn) => within(PATIENCE, settled(turn.result))));
    return signal ? untilAborted(result, signal) : result;
  }
}
