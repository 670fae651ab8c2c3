/** Predictions of a camera or video: always of the newest frame, without a queue. */
import { DecodeError } from "../api/errors.ts";
import type { Model, Prediction } from "../api/model.ts";
import type { Watch, WatchOptions } from "../api/watch.ts";
import { LinkedController } from "../fetch/linked_controller.ts";
import { argmax } from "../tasks/classification.ts";
import { delay, newFrame, videoOf, visible } from "./video_frames.ts";

/** Starts to predict the frames of `source`. Raises RangeError or DecodeError. */
export function watch(
  model: Pick<Model, "predict" | "info">,
  source: HTMLVideoElement | MediaStream,
  callback: (prediction: Prediction) => void,
  { maxRate = Infinity, smoothing = 0, onError = reportError, signal }: WatchOptions = {},
): Watch {
  if (!(maxRate > 0) || !(smoothing >= 0 && smoothing < 1)) {
    throw new RangeError(
      `watch takes a maxRate above 0 and a smoothing from 0 to below 1; found ${maxRate} and ${smoothing}.`,
    );
  }
  const stopped = new LinkedController(signal);
  const until = stopped.signal;
  const { video, release } = videoOf(source);
  const interval = 1000 / maxRate;

  const predictFrames = async (): Promise<never> => {
    let average: number[] | undefined;
    for (let last = -Infinity; ;) {
      await visible(until);
      await newFrame(video, until);
      await delay(last + interval - performance.now(), until);
      last = performance.now();
      let prediction: Prediction;
      try {
        prediction = await model.predict(video, { signal: until });
      } catch (error) {
        if (error instanceof DecodeError && !video.videoWidth) continue; // between two streams
        throw error;
      }
      average = blend(average, prediction.probabilities, smoothing);
      report(callback, smoothed(prediction, average, model.info.labels));
    }
  };
  predictFrames()
    .catch((error: unknown) => {
      if (!until.aborted) onError(error);
    })
    .finally(() => {
      stopped.unlink();
      release();
    });
  return { stop: () => stopped.abort() };
}

/** An error of the page's callback is reported to the console; watching continues. */
function report(callback: (prediction: Prediction) => void, prediction: Prediction): void {
  try {
    callback(prediction);
  } catch (error) {
    reportError(error);
  }
}

function blend(average: number[] | undefined, current: number[], smoothing: number): number[] {
  return average ? current.map((p, i) => smoothing * average[i]! + (1 - smoothing) * p) : current;
}

function smoothed(prediction: Prediction, average: number[], labels: string[]): Prediction {
  const best = argmax(average);
  return {
    ...prediction,
    label: labels[best]!,
    confidence: average[best]!,
    probabilities: average,
  };
}
