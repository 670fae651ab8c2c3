/** Sends a picture now and then, with consent, and keeps the correction that comes of it. */
import type { Recalibrated, Recalibration } from "../../api/recalibrate.ts";
import { Correction } from "./correction.ts";
import { NoAnswer } from "./server_answer.ts";

/** What a recalibrator needs of its surroundings. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  now: () => number;
  consent: () => Promise<boolean>;
  /** The server's probabilities for a picture. */
  ask: (picture: Blob) => Promise<number[] | NoAnswer>;
  onChange: (change: Recalibration) => void;
}

/** Refusals one after another that will not change, after which no picture is sent any more. */
const MAX_REFUSALS = 3;

/** Milliseconds for which consent holds without a frame. */
const AGREED = 5000;

/** After failures the interval doubles, up to this many times. */
const MAX_DOUBLED = 4;

export class Recalibrator {
  readonly #every: number;
  readonly #around: Surroundings;
  readonly #correction: Correction;
  #state: "waiting" | "busy" | "agreed" | "ended" = "waiting";
  #next: number;
  #failures = 0;
  #refusals = 0;
  #agreedAt = 0;
  #sentAt = 0;

  /** `every` in milliseconds; the first picture is due at once. `exclusive` where probabilities sum to 1. */
  constructor(every: number, exclusive: boolean, around: Surroundings) {
    this.#every = every;
    this.#around = around;
    this.#correction = new Correction(every, exclusive);
    this.#next = around.now();
  }

  /**
   * Whether to capture the frame that is predicted next, and to give it to `send`. Where a picture is due, this asks for
   * consent first, which takes effect in a later call.
   */
  wantsFrame(): boolean {
    const stale = this.#around.now() - this.#agreedAt > AGREED;
    if (this.#state === "agreed" && stale) this.#state = "waiting"; // as when the video was paused
    if (this.#state === "waiting" && this.#around.now() >= this.#next) void this.#askConsent();
    return this.#state === "agreed";
  }

  /** Sends a frame that this device has answered with the probabilities `own`. Nothing is raised. */
  async send(encode: () => Promise<Blob>, own: readonly number[]): Promise<void> {
    this.#state = "busy";
    const time = this.#around.now();
    let answer: number[] | NoAnswer;
    try {
      const picture = await encode();
      this.#tell({ state: "sending", time, bytes: picture.size });
      answer = await this.#around.ask(picture);
    } catch (error) {
      answer = new NoAnswer(`The picture could not be sent: ${String(error)}`);
    }
    if (answer instanceof NoAnswer) this.#fail(answer);
    else this.#correct(own, answer, time);
  }

  /** The corrected average, and what a prediction says of it. */
  apply(average: number[]): [scores: number[], recalibrated?: Recalibrated] {
    const now = this.#around.now();
    const weight = this.#correction.weight(now);
    if (!weight) return [average];
    return [this.#correction.apply(average, now), { time: this.#sentAt, weight }];
  }

  async #askConsent(): Promise<void> {
    this.#state = "busy";
    this.#tell({ state: "asking", time: this.#around.now() });
    let agreed = false;
    try {
      agreed = await this.#around.consent();
    } catch (error) {
      reportError(error); // the page's own, and no consent
    }
    if (!agreed) {
      this.#decline();
      return;
    }
    this.#state = "agreed";
    this.#agreedAt = this.#around.now();
  }

  #decline(): void {
    this.#wait(this.#every);
    this.#tell({ state: "declined", time: this.#around.now(), next: this.#next });
  }

  #correct(own: readonly number[], server: number[], time: number): void {
    this.#failures = this.#refusals = 0;
    this.#correction.set(own, server, time);
    this.#sentAt = time;
    this.#wait(this.#every);
    this.#tell({ state: "corrected", time: this.#around.now(), next: this.#next });
  }

  #fail({ problem, lasting, wait }: NoAnswer): void {
    this.#refusals = lasting ? this.#refusals + 1 : 0;
    const time = this.#around.now();
    if (this.#refusals >= MAX_REFUSALS) {
      this.#state = "ended";
      this.#tell({ state: "ended", time, problem });
      return;
    }
    this.#wait(Math.max(wait, this.#every * 2 ** Math.min(this.#failures++, MAX_DOUBLED)));
    this.#tell({ state: "failed", time, problem, next: this.#next });
  }

  #wait(milliseconds: number): void {
    this.#state = "waiting";
    this.#next = this.#around.now() + milliseconds;
  }

  #tell(change: Recalibration): void {
    try {
      this.#around.onChange(change);
    } catch (error) {
      reportError(error);
    }
  }
}
