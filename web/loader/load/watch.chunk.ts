/** Predicts the frames of a camera or video: always the newest one, without a queue. */
import type { BackendReport } from "../api/backend.ts";
import type * as Errors from "../api/errors.ts";
import type { AnyPrediction, Model } from "../api/model.ts";
import type { RecalibrateOptions } from "../api/recalibrate.ts";
import type { WatchOptions } from "../api/watch.ts";
import type { importChunk } from "../fetch/chunks/chunks.ts";
import { LinkedController } from "../fetch/concurrency/linked_controller.ts";
import type { answerOf, scoresIn } from "../tasks/answer.ts";
import { Failures } from "./failures.ts";
import type * as Recalibrate from "./recalibrate/recalibrate.chunk.ts";
import { delay, framesOf, videoOf } from "./video_frames.ts";

/** The loader's own, of which this chunk would have others. */
export interface Loader extends Pick<typeof Errors, "BackendError" | "DecodeError"> {
  answerOf: typeof answerOf;
  importChunk: typeof importChunk;
  scoresIn: typeof scoresIn;
}

/** A model, or an ensemble with the mean's `info`. */
export type WatchedModel = Pick<Model<AnyPrediction>, "predict" | "info"> & {
  readonly backend?: BackendReport;
  readonly models?: readonly Pick<Model<AnyPrediction>, "backend">[];
};

/** How often frames are predicted, and how much of the earlier answers stays. */
export type Pace = Required<Pick<WatchOptions, "maxRate" | "smoothing">>;

interface Given extends Required<Pick<WatchOptions, "onError">> {
  /** The pace as the page has it now. Raises RangeError. */
  pace: () => Pace;
  source: HTMLVideoElement | MediaStream;
  recalibrate?: RecalibrateOptions;
  signal: AbortSignal;
}

/** The predictions until `signal` aborts, whose reason it raises. Raises DecodeError, or the model's errors. */
export async function* watchFrames(
  model: WatchedModel,
  given: Given & Loader,
): AsyncGenerator<AnyPrediction, void> {
  const { source, pace, onError, recalibrate, signal } = given;
  const { answerOf, scoresIn, importChunk, BackendError, DecodeError } = given;
  const chunk = recalibrate && ((await importChunk("recalibrate")) as typeof Recalibrate);
  const recalibrator = chunk?.recalibratorOf(model.info, recalibrate!, signal);
  const ended = new LinkedController(signal);
  const until = ended.signal;
  const { video, refused, release } = videoOf(source, DecodeError);
  void refused.then((error) => ended.abort(error));
  // A <video> may play again; a stream that was given by itself does not come back.
  const frames = framesOf(video, until, (message, final) => {
    const problem = new DecodeError(message);
    if (final && video !== source) throw problem;
    onError(problem);
  });
  const failures = new Failures({ BackendError, DecodeError });
  let average: number[] | undefined;
  let backends = backendsOf(model);
  try {
    for (let last = -Infinity; ;) {
      until.throwIfAborted();
      const { maxRate, smoothing } = pace();
      await delay(last + 1000 / maxRate - performance.now(), until);
      await frames.next();
      last = performance.now();
      let prediction: AnyPrediction;
      const frame = recalibrator?.wantsFrame() ? chunk!.captureFrame(video) : undefined;
      try {
        prediction = await model.predict(frame ?? video, { signal: until });
      } catch (error) {
        if (video.videoWidth) failures.add(error); // 0 between two streams
        continue;
      }
      failures.clear();
      const scores = scoresIn(prediction);
      if (frame) void recalibrator!.send(() => chunk!.encodeFrame(frame), scores);
      const used = backendsOf(model);
      // Answers of a backend that was replaced may be wrong, and are not averaged with.
      if (used.some((backend, i) => backend !== backends[i])) average = undefined;
      backends = used;
      average = blend(average, scores, smoothing);
      const [corrected, recalibrated] = recalibrator?.apply(average) ?? [average];
      const answer = answerOf(model.info, corrected, {}, corrected);
      yield { ...prediction, ...answer, ...(recalibrated && { recalibrated }) };
    }
  } finally {
    ended.unlink();
    frames.stop();
    release();
  }
}

function backendsOf(model: WatchedModel): (BackendReport | undefined)[] {
  return (model.models ?? [model]).map(({ backend }) => backend);
}

function blend(average: number[] | undefined, current: number[], smoothing: number): number[] {
  return average ? current.map((p, i) => smoothing * average[i]! + (1 - smoothing) * p) : current;
}
