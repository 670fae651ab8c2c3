/** Default of the option `stallTimeout`, in milliseconds. */
export const STALL_TIMEOUT = 30_000;

/** A signal that aborts after `timeout` milliseconds without a call of `restart`, or when `outer` aborts. */
export class InactivityTimeout {
  readonly signal: AbortSignal;
  /** Whether the timeout aborted it. */
  expired = false;
  readonly #controller = new AbortController();
  readonly #timeout: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number, outer: AbortSignal | undefined) {
    this.#timeout = timeout;
    const own = this.#controller.signal;
    this.signal = outer ? AbortSignal.any([outer, own]) : own;
    this.restart();
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#controller.abort();
    }, this.#timeout);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
