/** Predicts the newest frame of a video again and again, as `watch` of one network does. */
import type { AnyPrediction, ImageSource, Watch, WatchOptions } from "../../loader/torch2web.ts";

type Predict = (source: ImageSource, options: { signal: AbortSignal }) => Promise<AnyPrediction>;

/** Failures one after the other that end it. */
const FAILURES = 20;

/** The mean of several networks is steady enough: no smoothing. */
export function predictFrames(
  predict: Predict,
  video: HTMLVideoElement,
  callback: (prediction: AnyPrediction) => void,
  { maxRate = Infinity, onError = reportError }: WatchOptions = {},
): Watch {
  const abort = new AbortController();
  const { signal } = abort;
  const isStopped = (): boolean => signal.aborted;
  const run = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const started = performance.now();
      await nextFrame();
      if (isStopped()) return;
      if (video.paused || !video.videoWidth) continue;
      try {
        const prediction = await predict(video, { signal });
        if (isStopped()) return;
        failures = 0;
        callback(prediction);
      } catch (error) {
        if (isStopped()) return;
        if (++failures >= FAILURES) {
          onError(error);
          return;
        }
      }
      const rest = started + 1000 / maxRate - performance.now();
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    }
  };
  void run();
  return { stop: () => abort.abort() };
}

/** Browsers call no animation frame while the page is hidden. */
function nextFrame(): Promise<unknown> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
