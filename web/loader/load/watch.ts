/** Predictions of a camera or video: always of the newest frame, without a queue. */
import type { AnyPrediction, Model } from "../api/model.ts";
import type { Watch, WatchOptions } from "../api/watch.ts";
import { LinkedController } from "../fetch/linked_controller.ts";
import { answerOf, scoresIn } from "../tasks/answer.ts";
import { Failures } from "./failures.ts";
import { delay, framesOf, videoOf, visible } from "./video_frames.ts";

/** Starts to predict the frames of `source`. Raises RangeError or DecodeError. */
export function watch(
  model: Pick<Model<AnyPrediction>, "predict" | "info">,
  source: HTMLVideoElement | MediaStream,
  callback: (prediction: AnyPrediction) => void,
  options: WatchOptions = {},
): Watch {
  const { maxRate = Infinity, smoothing = 0, onError = reportError, signal } = options;
  if (typeof callback !== "function") {
    throw new RangeError(
      `watch takes a function that gets the predictions; found ${typeof callback}.`,
    );
  }
  if (!(maxRate > 0) || !(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(
      `watch takes a maxRate above 0 and a smoothing from 0 to below 1; found ${maxRate} and ${smoothing}.`,
    );
  }
  const stopped = new LinkedController(signal);
  const until = stopped.signal;
  const { video, refused, release } = videoOf(source);
  const interval = 1000 / maxRate;
  // A <video> may play again; a stream that was given by itself does not come back.
  const nextFrame = framesOf(video, until, (problem, ended) => {
    if (ended && video !== source) throw problem;
    onError(problem);
  });
  const failures = new Failures();

  const predictFrames = async (): Promise<never> => {
    let average: number[] | undefined;
    for (let last = -Infinity; ;) {
      await visible(until);
      await nextFrame();
      await delay(last + interval - performance.now(), until);
      last = performance.now();
      let prediction: AnyPrediction;
      try {
        prediction = await model.predict(video, { signal: until });
      } catch (error) {
        if (video.videoWidth) failures.add(error); // 0 between two streams
        continue;
      }
      failures.clear();
      average = blend(average, scoresIn(prediction), smoothing);
      report(callback, { ...prediction, ...answerOf(model.info, average, {}, average) });
    }
  };
  const end = (error: unknown): void => {
    if (!until.aborted) onError(error);
    stopped.abort();
  };
  void refused.then(end);
  predictFrames()
    .catch(end)
    .finally(() => {
      stopped.unlink();
      release();
    });
  return { stop: () => stopped.abort() };
}

/** An error of the page's callback is reported to the console; watching continues. */
function report(callback: (prediction: AnyPrediction) => void, prediction: AnyPrediction): void {
  try {
    callback(prediction);
  } catch (error) {
    reportError(error);
  }
}

function blend(average: number[] | undefined, current: number[], smoothing: number): number[] {
  return average ? current.map((p, i) => smoothing * average[i]! + (1 - smoothing) * p) : current;
}
