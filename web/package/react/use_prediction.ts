import { useEffect, useState } from "react";
import type {
  AnyPrediction,
  ImageSource,
  Model,
  Prediction,
  PredictOptions,
  WatchOptions,
} from "torch2web";

/** Options of `predict`, and of `watch` for a camera or video. */
export type UsePredictionOptions = Omit<PredictOptions & WatchOptions, "signal" | "onError">;

export interface PredictionState<P extends AnyPrediction = Prediction> {
  /** The newest; that of the source before until the next one is there. */
  prediction: P | undefined;
  error: unknown;
  /** Whether an image is being predicted. */
  pending: boolean;
}

/**
 * What `model` predicts of an image, or again and again of a camera's stream or a <video>. Without a model or a source:
 * nothing. A newer source aborts the one before.
 */
export function usePrediction<P extends AnyPrediction = Prediction>(
  model: Model<P> | undefined,
  source: ImageSource | MediaStream | null | undefined,
  options: UsePredictionOptions = {},
): PredictionState<P> {
  const [state, setState] = useState<PredictionState<P>>({
    prediction: undefined,
    error: undefined,
    pending: false,
  });
  const optionsKey = JSON.stringify(options);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const failed = (error: unknown): void => {
      if (!signal.aborted) setState({ prediction: undefined, error, pending: false });
    };
    const answered = (prediction: P): void => {
      if (!signal.aborted) setState({ prediction, error: undefined, pending: false });
    };
    if (!model || !source) {
      setState({ prediction: undefined, error: undefined, pending: false });
      return undefined;
    }
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
  }, [model, source, optionsKey]);
  return state;
}

function isVideo(source: ImageSource | MediaStream): source is HTMLVideoElement | MediaStream {
  const tag = Object.prototype.toString.call(source);
  return tag === "[object HTMLVideoElement]" || tag === "[object MediaStream]";
}
