/** Work that several callers wait for, each with a signal of its own. It stops when all of them gave up. */
class Shared<T> {
  readonly #controller = new AbortController();
  readonly #result: Promise<T>;
  #waiting = 0;
  #done = false;

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#controller.signal);
    this.#result.then(
      () => (this.#done = true),
      () => {},
    );
  }

  /** The result. Raises the signal's reason; `failed` is called where there will be no result. */
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

/** Shared work by a key, each done once for as long as it does not fail. */
export class SharedByKey<T> {
  readonly #all = new Map<string, Shared<T>>();

  /** What `work` gives, or gave before for the same key. Raises the signal's reason. */
  wait(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const shared = this.#all.get(key) ?? new Shared(work);
    this.#all.set(key, shared);
    return shared.wait(signal, () => {
      // The next call tries again.
      if (this.#all.get(key) === shared) this.#all.delete(key);
    });
  }
}

/** `promise`, or the signal's reason as soon as it is aborted. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener("abort", stop));
}
