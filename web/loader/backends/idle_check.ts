/** Milliseconds from the first answer to the first check. */
const FIRST = 1000;

/** Milliseconds from a check to the next one, if there was an answer meanwhile. */
const NEXT = 60_000;

/** Repeats the self-check of a backend that is used, when nothing else runs. */
export class IdleCheck {
  readonly #isIdle: () => boolean;
  readonly #check: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the next check is due, in milliseconds. */
  #next = 0;
  #due = false;

  constructor(isIdle: () => boolean, check: () => Promise<void>) {
    this.#isIdle = isIdle;
    this.#check = check;
  }

  /** Called after each answer. */
  answered(): void {
    if (this.#due) this.#whenIdle();
    this.#timer ??= setTimeout(
      () => {
        this.#due = true;
        this.#whenIdle();
      },
      Math.max(FIRST, this.#next - performance.now()),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#due = false;
  }

  /** While calls wait, the check does: `answered` tries again. */
  #whenIdle(): void {
    // A page is not idle while it draws; workers have no such callback.
    const { requestIdleCallback = (run: () => void) => setTimeout(run) } = globalThis as Partial<
      typeof globalThis
    >;
    requestIdleCallback(() => {
      if (!this.#due || !this.#isIdle()) return;
      this.#due = false;
      this.#next = performance.now() + NEXT;
      this.#timer = undefined;
      void this.#check();
    });
  }
}
