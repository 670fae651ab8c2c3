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
