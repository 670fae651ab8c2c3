/** What a network said in the last minute. */

/** Milliseconds that are shown. */
export const SPAN = 60_000;

/** Milliseconds without an answer after which a line breaks off: the camera was paused, or the page hidden. */
const GAP = 3_000;

/** An answer: its scores in the order of the labels. */
export interface Point {
  time: number;
  scores: readonly number[];
  /** Indices of the answered labels. */
  answers: readonly number[];
}

export class LastMinute {
  #points: Point[] = [];

  add(point: Point): void {
    this.#points.push(point);
    const first = this.#points.findIndex(({ time }) => time > point.time - SPAN);
    if (first > 200) this.#points = this.#points.slice(first); // not at every answer
  }

  clear(): void {
    this.#points = [];
  }

  /** Points of the minute before `now`, in runs without a gap. */
  runs(now: number): Point[][] {
    const runs: Point[][] = [];
    let last = -Infinity;
    for (const point of this.#recent(now)) {
      if (point.time - last > GAP) runs.push([]);
      runs.at(-1)!.push(point);
      last = point.time;
    }
    return runs;
  }

  /** Labels to draw, at most `most`: those with the highest mean. In their own order, so that colours stay. */
  strongest(now: number, labels: number, most: number): number[] {
    const sums = new Array<number>(labels).fill(0);
    for (const { scores } of this.#recent(now)) scores.forEach((score, at) => (sums[at]! += score));
    const ranked = sums.map((_, index) => index).sort((a, b) => sums[b]! - sums[a]!);
    return ranked.slice(0, most).sort((a, b) => a - b);
  }

  /** Share of the answers that were each label. */
  shares(now: number, labels: number): number[] {
    const counts = new Array<number>(labels).fill(0);
    const recent = this.#recent(now);
    for (const { answers } of recent) for (const answer of answers) counts[answer]!++;
    return counts.map((count) => count / Math.max(recent.length, 1));
  }

  /** Lowest and highest score. */
  range(now: number): [number, number] {
    const scores = this.#recent(now).flatMap((point) => point.scores);
    return [Math.min(...scores), Math.max(...scores)];
  }

  #recent(now: number): Point[] {
    return this.#points.filter(({ time }) => time > now - SPAN);
  }
}
