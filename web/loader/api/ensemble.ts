import type { ImageSource } from "./image.ts";
import type { LoadOptions } from "./load_options.ts";
import type { Model, Prediction, PredictOptions } from "./model.ts";

export interface EnsembleOptions extends LoadOptions {
  /** One for each model, in order; by default all are equal. */
  weights?: readonly number[];
}

export interface Ensemble {
  readonly models: readonly Model[];
  predict(source: ImageSource, options?: PredictOptions): Promise<EnsemblePrediction>;
  dispose(): Promise<void>;
}

export interface EnsemblePrediction {
  /** The label of the largest probability. */
  label: string;
  confidence: number;
  /** Weighted mean of the models' probabilities. */
  probabilities: number[];
  /** Of each model, in the order of their names. */
  predictions: Prediction[];
}
