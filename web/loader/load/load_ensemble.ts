import type { Ensemble, EnsembleOptions, EnsemblePrediction } from "../api/ensemble.ts";
import { BackendError, ManifestError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { Model, PredictOptions } from "../api/model.ts";
import { ensemblePredict } from "./ensemble_predict.ts";
import { InlineModel } from "./inline_model.ts";
import { loadModel } from "./load_model.ts";
import { RemoteModel } from "./remote_model.ts";

/**
 * Loads models with the same labels as an ensemble, whose prediction is the weighted mean of theirs. Raises what
 * `loadModel` raises, ManifestError for other labels, and RangeError for wrong weights.
 */
export async function loadEnsemble(
  names: readonly string[],
  { weights = names.map(() => 1), ...options }: EnsembleOptions = {},
): Promise<Ensemble> {
  checkWeights(names, weights);
  const models: Model[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(models.map((model) => model.dispose()));
  };
  try {
    for (const name of names) {
      // All in the worker, or none.
      const inline = models[0]?.worker.used === false;
      models.push(await loadModel(name, inline ? { ...options, worker: false } : options));
    }
    const labels = models.map((model) => JSON.stringify(model.info.labels));
    if (labels.some((other) => other !== labels[0])) {
      const problem = `the models of an ensemble need the same labels; found ${labels.join(", ")}`;
      throw new ManifestError("", problem);
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    models,
    dispose,
    predict: (source, predictOptions) => predict(models, weights, source, predictOptions),
  };
}

function checkWeights(names: readonly string[], weights: readonly number[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const valid = weights.every((weight) => weight >= 0 && Number.isFinite(weight));
  if (names.length > 0 && weights.length === names.length && valid && total > 0) return;
  throw new RangeError(
    `An ensemble takes one weight, not below 0, for each of its models; found ${names.length} models and [${weights.join(", ")}].`,
  );
}

async function predict(
  models: readonly Model[],
  weights: readonly number[],
  source: ImageSource,
  options?: PredictOptions,
): Promise<EnsemblePrediction> {
  const inline = models.filter((model) => model instanceof InlineModel);
  if (inline.length === models.length) return ensemblePredict(inline, weights, source, options);
  const remote = models.filter((model) => model instanceof RemoteModel);
  if (remote.length !== models.length) {
    throw new BackendError("The worker ended while the ensemble was loaded; load it again.");
  }
  return RemoteModel.ensemblePredict(remote, weights, source, options);
}
