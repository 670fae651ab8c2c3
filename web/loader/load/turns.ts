import { Semaphore } from "../fetch/concurrency/semaphore.ts";
import { settled, within } from "../fetch/concurrency/time_limit.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";

/** Milliseconds after which a task no longer holds up the next one. */
const PATIENCE = 2000;

/** Runs tasks one at a time, in the order of the calls; one that takes long goes on beside the next. */
export class Turns {
  readonly #turns = new Semaphore(1);

  /** Raises the signal's reason as soon as it aborts. */
  run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#turns
        .run(signal, async () => {
          const result = untilAborted(task(), signal);
          resolve(result);
          await settled(within(PATIENCE, settled(result)));
        })
        .catch(reject);
    });
  }
}
