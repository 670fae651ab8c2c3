import type { Ensemble, EnsembleOptions, EnsemblePrediction } from "../api/ensemble.ts";
import { ManifestError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { Model, PredictOptions } from "../api/model.ts";
import { predictTogether } from "./ensemble_predict.ts";
import { InlineModel } from "./inline_model.ts";
import { loadModel } from "./load_model.ts";
import { RemoteModel } from "./remote_model.ts";

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
    for (const name of names) {
      // Where one is not in the worker, none is.
      const beside = models[0]?.worker.used === false ? { ...options, worker: false } : options;
      models.push(await loadModel(name, beside));
    }
    const labels = models.map((model) => JSON.stringify(model.info.labels));
    if (labels.some((other) => other !== labels[0])) {
      throw new ManifestError(
        "",
        `the models of an ensemble need the same labels; found ${labels.join(", ")}`,
      );
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    models,
    dispose,
    predict: (source, predictOptions) => answerTogether(models, weights, source, predictOptions),
  };
}

function answerTogether(
  models: readonly Model[],
  weights: readonly number[],
  source: ImageSource,
  options?: PredictOptions,
): Promise<EnsemblePrediction> {
  const inline = models.filter((model) => model instanceof InlineModel);
  return inline.length === models.length
    ? predictTogether(inline, weights, source, options)
    : RemoteModel.together(models as RemoteModel[], weights, source, options);
}
