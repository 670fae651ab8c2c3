import type * as Errors from "../api/errors.ts";

/** Milliseconds for which frames may fail one after another, and the number of them that has to fail. */
const LONG = 5000;
const MANY = 5;

/** Frames that failed one after another. A camera that starts gives some that cannot be read. */
export class Failures {
  readonly #errors: Pick<typeof Errors, "BackendError" | "DecodeError">;
  #count = 0;
  #since = 0;

  /** Takes the loader's classes: this is a chunk, which would have others. */
  constructor(errors: Pick<typeof Errors, "BackendError" | "DecodeError">) {
    this.#errors = errors;
  }

  /** Raises `error` where it is no passing one, or has lasted too long. */
  add(error: unknown): void {
    const { BackendError, DecodeError } = this.#errors;
    // The worker is started again once.
    const again = error instanceof BackendError && this.#count === 0;
    if (!(error instanceof DecodeError) && !again) throw error;
    const now = performance.now();
    if (this.#count++ === 0) this.#since = now;
    const lasted = now - this.#since;
    if (this.#count < MANY || lasted < LONG) return;
    throw new DecodeError(
      `The last ${this.#count} frames, for ${Math.round(lasted / 1000)} s, could not be read. ${error.message}`,
      { cause: error },
    );
  }

  clear(): void {
    this.#count = 0;
  }
}
