/** Answers to a camera or a video as it goes on: always its newest frame, and never a queue. */
import type { Watch, WatchOptions } from "../api/watch.ts";
import { DecodeError } from "../api/errors.ts";
import type { Model, Prediction } from "../api/model.ts";
import { argmax } from "../tasks/softmax.ts";

/** Starts to answer what `source` shows. Raises RangeError. */
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
  const stopped = new AbortController();
  const until = signal ? AbortSignal.any([signal, stopped.signal]) : stopped.signal;
  const { video, release } = videoOf(source);
  const pause = 1000 / maxRate;
  let average: number[] | undefined;

  const answerFrames = async (): Promise<void> => {
    for (let last = -Infinity; ;) {
      await visible(until);
      await newFrame(video, until);
      await wait(last + pause - performance.now(), until);
      last = performance.now();
      // Whatever was shown meanwhile is past: this is the newest frame.
      let prediction: Prediction;
      try {
        prediction = await model.predict(video, { signal: until });
      } catch (error) {
        if (error instanceof DecodeError && !video.videoWidth) continue; // between two streams
        throw error;
      }
      average = blend(average, prediction.probabilities, smoothing);
      tell(callback, smoothed(prediction, average, model.info.labels));
    }
  };
  answerFrames()
    .catch((error: unknown) => {
      if (!until.aborted) onError(error);
    })
    .finally(release);
  return { stop: () => stopped.abort() };
}

/** A mistake in the page's own function shows on its console, and stops nothing. */
function tell(callback: (prediction: Prediction) => void, prediction: Prediction): void {
  try {
    callback(prediction);
  } catch (error) {
    reportError(error);
  }
}

function blend(average: number[] | undefined, now: number[], smoothing: number): number[] {
  return average ? now.map((p, i) => smoothing * average[i]! + (1 - smoothing) * p) : now;
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

function videoOf(source: HTMLVideoElement | MediaStream): {
  video: HTMLVideoElement;
  release: () => void;
} {
  if (source instanceof HTMLVideoElement) return { video: source, release: () => {} };
  if (!(source instanceof MediaStream)) {
    throw new DecodeError("watch takes a <video> or a MediaStream.");
  }
  const video: HTMLVideoElement = Object.assign(document.createElement("video"), {
    srcObject: source,
    muted: true,
    playsInline: true,
  });
  video.play().catch(() => {}); // no frame comes then, which is all there is to know
  return {
    video,
    release: () => {
      video.pause();
      video.srcObject = null;
    },
  };
}

/** Ends at once while the page is shown, else when it is again. */
function visible(signal: AbortSignal): Promise<void> {
  return document.hidden
    ? until(signal, (done) => {
        const look = (): void => {
          if (!document.hidden) done();
        };
        document.addEventListener("visibilitychange", look);
        return () => document.removeEventListener("visibilitychange", look);
      })
    : Promise.resolve(signal.throwIfAborted());
}

/** Ends when `video` shows a frame that it did not show before. */
function newFrame(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return until(signal, (done) => {
    if ("requestVideoFrameCallback" in video) {
      const handle = video.requestVideoFrameCallback(() => done());
      return () => video.cancelVideoFrameCallback(handle);
    }
    const element = video as HTMLVideoElement;
    const shown = element.currentTime;
    const timer = setInterval(() => {
      if (element.currentTime !== shown) done();
    }, 1000 / 60);
    return () => clearInterval(timer);
  });
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (!(milliseconds > 0)) return Promise.resolve();
  return until(signal, (done) => {
    const timer = setTimeout(done, milliseconds);
    return () => clearTimeout(timer);
  });
}

/** What `begin` starts and calls `done` for; the function that it returns undoes it. */
function until(signal: AbortSignal, begin: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      undo();
      reject(signal.reason);
    };
    const undo = begin(() => {
      undo();
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}
