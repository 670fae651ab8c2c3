import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type {
  AnyPrediction,
  ImageSource,
  Model,
  Prediction,
  PredictOptions,
  WatchOptions,
} from "torch2web";
import { doubtOf, follow } from "./shared_models.ts";

/** Options of `predict`, and of `watch` for a camera or video. */
export type UsePredictionOptions = Omit<PredictOptions & WatchOptions, "signal" | "onError">;

export interface PredictionState<P extends AnyPrediction = Prediction> {
  /** The newest; that of the source before until the next one is there. */
  prediction: P | undefined;
  error: unknown;
  /** Whether an image is being predicted. */
  pending: boolean;
  /**
   * Whether the prediction may be wrong, as its backend has failed a later check. An image is predicted again by the next
   * backend then; a video's next frame is.
   */
  doubtful: boolean;
}

type State<P extends AnyPrediction> = Omit<PredictionState<P>, "doubtful">;

const NOTHING = { prediction: undefined, error: undefined, pending: false };

/**
 * What `model` predicts of an image, or again and again of a camera's stream or a <video>. Without a model or a source:
 * nothing. A newer source aborts the one before.
 */
export function usePrediction<P extends AnyPrediction = Prediction>(
  model: Model<P> | undefined,
  source: ImageSource | MediaStream | null | undefined,
  options: UsePredictionOptions = {},
): PredictionState<P> {
  const [state, setState] = useState<State<P>>(NOTHING);
  const optionsKey = JSON.stringify(options);
  const listen = useCallback((listener: () => void) => follow(model, listener), [model]);
  const doubt = useSyncExternalStore(
    listen,
    () => doubtOf(model),
    () => undefined,
  );
  const time = state.prediction?.time ?? NaN;
  const doubtful = doubt !== undefined && time >= doubt.since && time <= doubt.until;

  /** Predicts until the returned function is called. */
  const start = (): (() => void) | undefined => {
    if (!model || !source) {
      setState(NOTHING);
      return undefined;
    }
    const controller = new AbortController();
    const { signal } = controller;
    const failed = (error: unknown): void => {
      if (!signal.aborted) setState({ ...NOTHING, error });
    };
    const answered = (prediction: P): void => {
      if (!signal.aborted) setState({ ...NOTHING, prediction });
    };
    if (isVideo(source)) {
      try {
        model.watch(source, answered, { ...options, signal, onError: failed });
      } catch (error) {
        failed(error);
      }
    } else {
      setState((before) => ({ ...before, pending: true }));
      model.predict(source, { ...options, signal }).then(answered, failed);
    }
    return () => controller.abort();
  };
  useEffect(start, [model, source, optionsKey]);
  useEffect(() => {
    if (doubtful && source && !isVideo(source)) return start();
    return undefined;
  }, [doubtful]);
  return { ...state, doubtful };
}

function isVideo(source: ImageSource | MediaStream): source is HTMLVideoElement | MediaStream {
  const tag = Object.prototype.toString.call(source);
  return tag === "[object HTMLVideoElement]" || tag === "[object MediaStream]";
}
