/** Limits how many tasks run at a time; the others wait in the order of their calls. */
export class Semaphore {
  readonly #count: number;
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /** Whether nothing runs or waits. */
  get idle(): boolean {
    return this.#free === this.#count;
  }

  /** Raises the signal's reason, also while `task` waits. */
  async run<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    await this.#acquire(signal);
    try {
      return await task();
    } finally {
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    }
  }

  async #acquire(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free) {
      this.#free--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => {
        this.#waiting.delete(enter);
        reject(signal!.reason);
      };
      const enter = (): void => {
        this.#waiting.delete(enter);
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      this.#waiting.add(enter);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }
}
