/** Predictions of a camera or video, whose code is a chunk of the loader. */
import { BackendError, DecodeError } from "../api/errors.ts";
import type { AnyPrediction, Model } from "../api/model.ts";
import type { Watch, WatchedPredictions, WatchOptions } from "../api/watch.ts";
import { importChunk } from "../fetch/chunks/chunks.ts";
import { LinkedController } from "../fetch/concurrency/linked_controller.ts";
import { tagOf } from "../images/image_source.ts";
import { answerOf, scoresIn } from "../tasks/answer.ts";
import type * as Frames from "./watch.chunk.ts";

type Callback = (prediction: AnyPrediction) => void;

type WatchMethod = Model<AnyPrediction>["watch"];

/** The method `watch` of a model. Raises RangeError or DecodeError. */
export const watch: WatchMethod = function (
  this: Frames.WatchedModel,
  source: HTMLVideoElement | MediaStream,
  second?: Callback | WatchOptions,
  third?: WatchOptions,
) {
  return watchModel(this, source, second, third);
};

function watchModel(
  model: Frames.WatchedModel,
  source: HTMLVideoElement | MediaStream,
  second: Callback | WatchOptions = {},
  third: WatchOptions = {},
): Watch & WatchedPredictions<AnyPrediction> {
  const callback = typeof second === "function" ? second : undefined;
  const options = typeof second === "function" ? third : second;
  if (Object(options) !== options) {
    throw new RangeError(`watch takes a callback or options; found ${typeof second}.`);
  }
  const { onError = reportError, signal } = options;
  const pace = (): Frames.Pace => {
    const { maxRate = Infinity, smoothing = 0 } = options;
    if (maxRate > 0 && smoothing >= 0 && smoothing < 1) return { maxRate, smoothing };
    throw new RangeError(
      `watch takes maxRate > 0 and smoothing in [0, 1); found ${maxRate} and ${smoothing}.`,
    );
  };
  pace();
  if (!["HTMLVideoElement", "MediaStream"].includes(tagOf(source))) {
    throw new DecodeError("watch takes a <video> or MediaStream.");
  }
  const stopped = new LinkedController(signal);
  const predictions = async function* (): AsyncGenerator<AnyPrediction, void> {
    try {
      const { watchFrames } = (await importChunk("watch")) as typeof Frames;
      yield* watchFrames(model, {
        ...options,
        source,
        pace,
        onError,
        signal: stopped.signal,
        answerOf,
        scoresIn,
        importChunk,
        BackendError,
        DecodeError,
      });
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
    } finally {
      stopped.abort();
      stopped.unlink();
    }
  };
  if (callback) void report(predictions(), callback, onError);
  return { stop: () => stopped.abort(), [Symbol.asyncIterator]: predictions };
}

/** Calls `callback` with each prediction. An error of the page's callback goes to the console; watching continues. */
async function report(
  predictions: AsyncIterable<AnyPrediction>,
  callback: Callback,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const prediction of predictions) {
      try {
        callback(prediction);
      } catch (error) {
        reportError(error);
      }
    }
  } catch (error) {
    onError(error);
  }
}
