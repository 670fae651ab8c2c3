/** Asks a network about the frames of a video, as often as the device can. */
import type { AnyPrediction, Watch, WatchOptions } from "../../loader/torch2web.ts";
import type { PageModel } from "../choice.ts";
import { FIRST, isOther, Meter, rateFor, smoothingFor } from "./rate.ts";

export class Watcher {
  readonly #model: PageModel;
  readonly #video: HTMLVideoElement;
  readonly #onAnswer: (prediction: AnyPrediction) => void;
  readonly #onError: (error: unknown) => void;
  readonly #serverOptions: () => Pick<WatchOptions, "recalibrate">;
  readonly #meter = new Meter();
  #watch: Watch;
  #options: WatchOptions = {};
  #rate = FIRST;
  #seen = true;

  constructor(
    model: PageModel,
    video: HTMLVideoElement,
    onAnswer: (prediction: AnyPrediction) => void,
    onError: (error: unknown) => void,
    serverOptions: () => Pick<WatchOptions, "recalibrate">,
  ) {
    this.#model = model;
    this.#video = video;
    this.#onAnswer = onAnswer;
    this.#onError = onError;
    this.#serverOptions = serverOptions;
    this.#watch = this.#start();
  }

  /** Answers a second, at most. */
  get rate(): number {
    return this.#rate;
  }

  /** Whether the visitor sees the video: less is done while not. */
  set seen(seen: boolean) {
    this.#seen = seen;
    this.#adapt();
  }

  /** Goes on with the options as they are now. */
  restart(): void {
    this.#watch.stop();
    this.#watch = this.#start();
  }

  stop(): void {
    this.#watch.stop();
  }

  #start(): Watch {
    this.#options = { onError: this.#onError, ...this.#pace(), ...this.#serverOptions() };
    const take = this.#take.bind(this);
    return this.#model.watch(this.#video, take, this.#options);
  }

  #pace(): Pick<WatchOptions, "maxRate" | "smoothing"> {
    return { maxRate: this.#rate, smoothing: smoothingFor(this.#rate) };
  }

  #take(prediction: AnyPrediction): void {
    this.#meter.add(prediction.timings.total);
    this.#onAnswer(prediction);
    this.#adapt();
  }

  #adapt(): void {
    if (!this.#meter.isFull) return;
    const rate = rateFor(this.#meter.median, this.#seen);
    if (!isOther(rate, this.#rate)) return;
    this.#rate = rate;
    // The running average and a server's correction of it go on.
    Object.assign(this.#options, this.#pace());
  }
}
