import { decode, type ImageSource } from "./decode.ts";
import { ManifestError } from "./errors.ts";
import {
  loadModel,
  type LoadOptions,
  type Model,
  type Prediction,
  type PredictOptions,
} from "./model.ts";
import { argmax } from "./postprocess.ts";
import { siteURL } from "./site.ts";

export interface EnsembleOptions extends LoadOptions {
  /** One for each model, in order; by default all weigh the same. */
  weights?: readonly number[];
}

export interface EnsemblePrediction {
  label: string;
  confidence: number;
  /** Weighted mean of the models' probabilities. */
  probabilities: number[];
  /** What each model says by itself, in the order of their names. */
  predictions: Prediction[];
}

export interface Ensemble {
  readonly models: readonly Model[];
  predict(source: ImageSource, options?: PredictOptions): Promise<EnsemblePrediction>;
  dispose(): Promise<void>;
}

/** Loads several models with the same labels, which then answer together. */
export async function loadEnsemble(
  names: readonly string[],
  { weights = names.map(() => 1), ...options }: EnsembleOptions = {},
): Promise<Ensemble> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (
    names.length === 0 ||
    weights.length !== names.length ||
    weights.some((w) => !(w >= 0 && Number.isFinite(w))) ||
    !total
  ) {
    throw new RangeError(
      `An ensemble takes one weight, not below 0, for each of its models; found ${names.length} models and [${weights.join(", ")}].`,
    );
  }
  const models: Model[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(models.map((model) => model.dispose()));
  };
  try {
    for (const name of names) models.push(await loadModel(name, options));
    const labels = models.map((model) => JSON.stringify(model.info.labels));
    if (labels.some((other) => other !== labels[0])) {
      throw new ManifestError(
        "",
        `the models of an ensemble need the same labels; found ${labels.join(", ")}`,
      );
    }
    if (new Set(models.map(orientationOf)).size > 1) {
      throw new ManifestError("", "the models of an ensemble need the same exif_orientation");
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    models,
    dispose,
    async predict(source, predictOptions) {
      // Once for all of them, so that each sees the same frame of a video.
      const base = siteURL(options.baseURL);
      const { pixels, inexact, by } = await decode(source, orientationOf(models[0]!), base);
      const predictions: Prediction[] = [];
      for (const model of models) {
        const prediction = await model.predict(pixels, predictOptions);
        predictions.push({ ...prediction, exact: !inexact, inexact, decodedBy: by });
      }
      const { labels } = models[0]!.info;
      const probabilities = labels.map((_, label) =>
        predictions.reduce(
          (sum, prediction, i) => sum + (weights[i]! / total) * prediction.probabilities[label]!,
          0,
        ),
      );
      const best = argmax(probabilities);
      return {
        label: labels[best]!,
        confidence: probabilities[best]!,
        probabilities,
        predictions,
      };
    },
  };
}

const orientationOf = (model: Model): "ignore" | "apply" =>
  model.info.preprocessing.exif_orientation;
