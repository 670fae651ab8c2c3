import { untilAborted } from "./until_aborted.ts";

/** One run of a task that several callers await, each with its own signal. It is aborted when all have aborted. */
class Flight<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #done = false;

  constructor(task: (signal: AbortSignal) => Promise<T>) {
    this.#result = task(this.#controller.signal);
    this.#result.then(
      () => (this.#done = true),
      () => {},
    );
  }

  /** The result. Raises the signal's reason; calls `failed` where there will be no result. */
  async wait(signal: AbortSignal, failed: () => void): Promise<T> {
    this.#waiting++;
    try {
      return await untilAborted(this.#result, signal);
    } finally {
      this.#waiting--;
      if (!this.#done && (!this.#waiting || !signal.aborted)) {
        failed();
        this.#controller.abort(signal.reason);
      }
    }
  }
}

/** Runs a task once per key; concurrent and later calls share the result. A failed task runs again at the next call. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** The result of `task` for `key`. Raises the signal's reason. */
  run(key: string, signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key) ?? new Flight(task);
    this.#flights.set(key, flight);
    return flight.wait(signal, () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    });
  }
}
