import type { ImageSource } from "./image.ts";
import type { LoadOptions } from "./load_options.ts";
import type {
  AnyPrediction,
  Model,
  Prediction,
  PredictOptions,
  RegressionPrediction,
} from "./model.ts";
import type { LabelProbability, NamedValue } from "./task.ts";
import type { Watch, WatchedPredictions, WatchOptions } from "./watch.ts";

export interface EnsembleOptions extends LoadOptions {
  /** One for each model, in order; by default all are equal. */
  weights?: readonly number[];
}

export interface Ensemble<
  P extends AnyPrediction = Prediction,
  E extends AnyEnsemblePrediction = EnsemblePrediction,
> {
  readonly models: readonly Model<P>[];
  predict(source: ImageSource, options?: PredictOptions): Promise<E>;
  /** As of one model; `smoothing` is of the mean, the models' own `predictions` stay those of the frame. */
  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: E) => void,
    options?: WatchOptions,
  ): Watch;
  /** Without a callback: `for await (const prediction of ensemble.watch(video))`. Ending the loop stops it. */
  watch(source: HTMLVideoElement | MediaStream, options?: WatchOptions): WatchedPredictions<E>;
  dispose(): Promise<void>;
}

export interface EnsemblePrediction {
  /** As of one model, by the mean probabilities; thresholds are the first model's. */
  label: string;
  confidence: number;
  /** Weighted mean of the models' probabilities. */
  probabilities: number[];
  /** As of one model, by the mean probabilities. */
  labels?: LabelProbability[];
  top: LabelProbability[];
  /** Of each model, in the order of their names. */
  predictions: Prediction[];
}

export interface EnsembleRegressionPrediction {
  /** Weighted means of the models' values. */
  values: NamedValue[];
  /** Of each model, in the order of their names. */
  predictions: RegressionPrediction[];
}

export type AnyEnsemblePrediction = EnsemblePrediction | EnsembleRegressionPrediction;
