/** What half a minute without any sign of life is worth: another try. */
export const STALL_TIMEOUT = 30_000;

/** A signal that aborts after a while in which nothing came, or with `outer`. */
export class Stall {
  readonly signal: AbortSignal;
  ended = false;
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
      this.ended = true;
      this.#controller.abort();
    }, this.#timeout);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
