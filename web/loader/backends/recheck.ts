/** Milliseconds from the first answer to the first check. */
const FIRST = 1000;

/** Milliseconds from a check to the next one, if there was an answer meanwhile. */
const NEXT = 60_000;

/** Time from a check to the next one, in durations of a check: checks take 1 % of the time at most. */
const REST = 99;

/** Milliseconds between two looks for an idle moment, and looks after which the check runs between two calls. */
const LOOK = 50;
const LOOKS = 100;

/** In the worker, the page's event is passed on. Node has none. */
const SHOWN = "visibilitychange";
const target = (): Partial<EventTarget> =>
  (globalThis as Partial<typeof globalThis>).document ?? globalThis;

/**
 * Decides when the golden input runs again on a backend that is used: after the first second, minute, 10, 100 and each
 * 1,000 answers, and when the page was hidden, as soon as nothing else runs.
 */
export class Recheck {
  readonly #isIdle: () => boolean;
  readonly #check: () => Promise<void>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #answers = 0;
  /** When a check is due because time has passed, and before when none is; as `performance.now()`. */
  #due = 0;
  #soonest = 0;
  /** When the next check is planned; -1 while it looks for an idle moment or runs. */
  #planned = Infinity;

  constructor(isIdle: () => boolean, check: () => Promise<void>) {
    this.#isIdle = isIdle;
    this.#check = check;
    target().addEventListener?.(SHOWN, this.#shown);
  }

  /** Called after each answer. */
  answered(): void {
    const count = ++this.#answers;
    this.#due ||= performance.now() + FIRST;
    this.#plan(count === 10 || count === 100 || count % 1000 === 0 ? 0 : this.#due);
  }

  /** Checks in the next idle moment. */
  request(): void {
    this.#plan(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#planned = -1;
    target().removeEventListener?.(SHOWN, this.#shown);
  }

  readonly #shown = (): void => {
    if (!(globalThis as Partial<typeof globalThis>).document?.hidden) this.request();
  };

  #plan(at: number): void {
    if (at >= this.#planned) return;
    this.#planned = at;
    const now = performance.now();
    this.#wait(Math.max(at, this.#soonest, now) - now, 0); // Node warns of a negative time
  }

  #wait(milliseconds: number, looks: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#planned = -1;
      // A page is not idle while it draws; workers have no such callback.
      const { requestIdleCallback = setTimeout } = globalThis as Partial<typeof globalThis>;
      requestIdleCallback(() => {
        if (!this.#timer) return; // stopped
        if (this.#isIdle() || looks === LOOKS) void this.#start();
        else this.#wait(LOOK, looks + 1);
      });
    }, milliseconds);
    // Node ends nevertheless.
    (Object(this.#timer) as { unref?: () => void }).unref?.();
  }

  async #start(): Promise<void> {
    const started = performance.now();
    await this.#check();
    const ended = performance.now();
    this.#soonest = ended + REST * (ended - started);
    this.#due = ended + NEXT;
    this.#planned = Infinity;
  }
}
