/** Says the camera's answer to screen readers: seldom, and only one that stays. */

/** Milliseconds that an answer has to stay. */
const STAYS = 1_500;
/** Milliseconds from one to the next. */
const PAUSE = 4_000;

export class Announcer {
  readonly #say: (text: string) => void;
  #current = "";
  #since = 0;
  #said = "";
  #saidAt = -Infinity;

  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /** Takes each answer; `now` in milliseconds. */
  add(answer: string, now: number): void {
    if (answer !== this.#current) {
      this.#current = answer;
      this.#since = now;
    }
    if (answer === this.#said || now - this.#since < STAYS || now - this.#saidAt < PAUSE) return;
    this.#said = answer;
    this.#saidAt = now;
    this.#say(answer);
  }
}
