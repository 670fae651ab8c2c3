/** How many frames a second to answer: as many as the device can without the page suffering. */

/** Answers a second, at most: cameras give 30 frames. */
const MOST = 30;
const LEAST = 0.5;

/** While nobody can see the picture, as when the visitor has scrolled on. */
const UNSEEN = 2;

/** Share of the time that answers may take; the rest is the page's. */
const SHARE = 0.7;

/** Before the device was measured. */
export const FIRST = 5;

/** Of how many answers the median counts. */
const KEPT = 9;

/** Answers a second on a device that takes so many milliseconds for one. */
export function rateFor(milliseconds: number, seen: boolean): number {
  const possible = (1000 * SHARE) / Math.max(milliseconds, 1);
  return Math.max(LEAST, Math.min(possible, seen ? MOST : UNSEEN));
}

/** Whether a rate differs from another by enough to change it. */
export function isOther(rate: number, from: number): boolean {
  return Math.abs(rate - from) > 0.25 * from;
}

/** The latest durations of answers. */
export class Meter {
  readonly #durations: number[] = [];

  add(milliseconds: number): void {
    this.#durations.push(milliseconds);
    if (this.#durations.length > KEPT) this.#durations.shift();
  }

  get isFull(): boolean {
    return this.#durations.length === KEPT;
  }

  /** NaN without any. */
  get median(): number {
    const sorted = [...this.#durations].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? NaN;
  }
}

/** Seconds in which an answer has faded to a third. */
const MEMORY = 0.4;

/** Weight of the earlier answers, so that they fade in the same time at every rate. */
export function smoothingFor(rate: number): number {
  return Math.exp(-1 / (rate * MEMORY));
}
