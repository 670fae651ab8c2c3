import type { RecalibrateOptions } from "./recalibrate.ts";

/** `maxRate` and `smoothing` are read before each frame: a page may change them in the object that it gave. */
export interface WatchOptions {
  /** Maximum number of predictions per second; by default unlimited. */
  maxRate?: number;
  /**
   * Exponential smoothing of the probabilities, values or embeddings: the weight of the previous average, from 0 (none,
   * the default) to below 1. The logits stay those of the frame.
   */
  smoothing?: number;
  /**
   * Called when watching ends with an error: the stream ended, or no frame could be read for 5 s. Called too when a
   * <video> ends, fails, or gives no frame for 10 s; then watching goes on as soon as it plays again. By default the error
   * is reported to the console. A loop gets as an exception what ends it, and this callback the rest.
   */
  onError?: (error: unknown) => void;
  /**
   * Has a server correct the running average now and then, which sends it pictures; off unless given. Wrong options raise
   * RangeError, as errors that end watching.
   */
  recalibrate?: RecalibrateOptions;
  /** Stops watching, like `stop()`. */
  signal?: AbortSignal;
}

export interface Watch {
  /** Stops watching: the callback is not called again. The camera itself stays on. */
  stop(): void;
}

/** Each step of the loop predicts the newest frame; frames that pass while the page is busy are skipped. */
export interface WatchedPredictions<P> extends Watch, AsyncIterable<P> {}
