import { LinkedController } from "./linked_controller.ts";

/** Default of the option `stallTimeout`, in milliseconds. */
export const STALL_TIMEOUT = 30_000;

/** A signal that aborts after `timeout` milliseconds without a call of `restart`, or when `outer` aborts. */
export class InactivityTimeout {
  readonly signal: AbortSignal;
  /** Whether the timeout aborted it. */
  expired = false;
  readonly #controller: LinkedController;
  readonly #timeout: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number, outer: AbortSignal | undefined) {
    this.#timeout = timeout;
    this.#controller = new LinkedController(outer);
    this.signal = this.#controller.signal;
    this.restart();
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.expired = true;
      this.#controller.abort();
    }, this.#timeout);
  }

  /** Ends it: the signal aborts no longer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#controller.unlink();
  }
}
