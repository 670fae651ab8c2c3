/** The rule by which a server's answer corrects a running average. */

/** Weight below which a correction is dropped. */
const LEAST = 1 / 16;

/**
 * The server and this device answered the same picture: the difference of their probabilities is added to the running
 * average, with a weight that halves in each interval. The next answer replaces it; without one it fades, and what is left
 * is the device's own average.
 */
export class Correction {
  readonly #halfLife: number;
  readonly #exclusive: boolean;
  #difference: number[] | undefined;
  #since = 0;

  /** `halfLife` in milliseconds; `exclusive` where probabilities sum to 1. */
  constructor(halfLife: number, exclusive: boolean) {
    this.#halfLife = halfLife;
    this.#exclusive = exclusive;
  }

  /** Takes what both say about the picture of the time `since`. */
  set(own: readonly number[], server: readonly number[], since: number): void {
    this.#difference = server.map((probability, index) => probability - own[index]!);
    this.#since = since;
  }

  /** From 1 at the time of the picture downwards; 0 without a correction, or when it has faded. */
  weight(now: number): number {
    if (!this.#difference) return 0;
    const weight = 2 ** (-Math.max(0, now - this.#since) / this.#halfLife);
    return weight < LEAST ? 0 : weight;
  }

  /** The corrected average: probabilities again, so from 0 to 1, and with the sum 1 where labels exclude each other. */
  apply(average: number[], now: number): number[] {
    const weight = this.weight(now);
    if (!weight) return average;
    const moved = average.map((probability, index) =>
      Math.min(1, Math.max(0, probability + weight * this.#difference![index]!)),
    );
    const sum = moved.reduce((total, probability) => total + probability, 0);
    return this.#exclusive && sum > 0 ? moved.map((probability) => probability / sum) : moved;
  }
}
