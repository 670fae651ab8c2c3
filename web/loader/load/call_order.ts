import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { settled, within } from "../fetch/concurrency/time_limit.ts";

/** Milliseconds that a call waits for the images of an earlier one. */
const PATIENCE = 1000;

/** Keeps calls in their order, as far as their images are read soon: one that is never read blocks no other call. */
export class CallOrder {
  #last: Promise<unknown> = Promise.resolve();

  /** `ready`, not before that of earlier calls. Raises the signal's reason as soon as it aborts. */
  enter<T>(signal: AbortSignal | undefined, ready: Promise<T>): Promise<T> {
    const entered = this.#last.then(() => ready);
    const known = untilAborted(entered, signal);
    ready.catch(() => {}); // raised by `entered`
    this.#last = settled(within(PATIENCE, settled(known)));
    return known;
  }

  /** Waits for the calls so far, as long as another call would. */
  async entered(): Promise<void> {
    await this.#last;
  }
}
