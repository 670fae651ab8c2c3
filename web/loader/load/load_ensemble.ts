import type {
  AnyEnsemblePrediction,
  Ensemble,
  EnsembleOptions,
  EnsembleRegressionPrediction,
} from "../api/ensemble.ts";
import { BackendError, ManifestError, TaskError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { Task } from "../api/task.ts";
import type { AnyPrediction, Model, PredictOptions, RegressionPrediction } from "../api/model.ts";
import { requireAnswers, taskOf } from "../tasks/answer.ts";
import { ensemblePredict } from "./ensemble_predict.ts";
import { InlineModel } from "./inline_model.ts";
import { loadAny } from "./load_model.ts";
import { RemoteModel } from "./remote_model.ts";

type AnyEnsemble = Ensemble<AnyPrediction, AnyEnsemblePrediction>;

export function loadEnsemble(
  names: readonly string[],
  options: EnsembleOptions & { task: "regression" },
): Promise<Ensemble<RegressionPrediction, EnsembleRegressionPrediction>>;
export function loadEnsemble(
  names: readonly string[],
  options?: EnsembleOptions & { task?: "classification" },
): Promise<Ensemble>;
/**
 * Loads models with the same task and labels as an ensemble, whose prediction is the weighted mean of theirs. Raises what
 * `loadModel` raises, ManifestError for other tasks or labels, TaskError for embeddings, and RangeError for wrong weights.
 */
export async function loadEnsemble(
  names: readonly string[],
  { weights = names.map(() => 1), ...options }: EnsembleOptions & { task?: Task } = {},
): Promise<AnyEnsemble> {
  checkWeights(names, weights);
  const models: Model<AnyPrediction>[] = [];
  const dispose = async (): Promise<void> => {
    await Promise.all(models.map((model) => model.dispose()));
  };
  try {
    for (const name of names) {
      // All in the worker, or none.
      const inline = models[0]?.worker.used === false;
      models.push(await loadAny(name, inline ? { ...options, worker: false } : options));
    }
    requireCommonTask(models, options.task);
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

/** Raises ManifestError or TaskError where the answers of `models` have no mean. */
function requireCommonTask(
  models: readonly Model<AnyPrediction>[],
  wanted: Task | undefined,
): void {
  for (const { info } of models) {
    if (taskOf(info) === "embedding") {
      throw new TaskError(
        `${info.name} gives embeddings; those of different networks cannot be averaged in an ensemble.`,
      );
    }
    requireAnswers(info, wanted);
  }
  const meanings = models.map(({ info: { task } }) => task?.of ?? task?.kind ?? "softmax");
  const units = models.map(({ info }) => JSON.stringify(info.task?.units ?? []));
  for (const found of [meanings, units]) {
    if (found.every((other) => other === found[0])) continue;
    const problem = `the models of an ensemble need the same task; found ${found.join(", ")}`;
    throw new ManifestError("", problem);
  }
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
  models: readonly Model<AnyPrediction>[],
  weights: readonly number[],
  source: ImageSource,
  options?: PredictOptions,
): Promise<AnyEnsemblePrediction> {
  const inline = models.filter((model) => model instanceof InlineModel);
  if (inline.length === models.length) return ensemblePredict(inline, weights, source, options);
  const remote = models.filter((model) => model instanceof RemoteModel);
  if (remote.length !== models.length) {
    throw new BackendError("The worker ended while the ensemble was loaded; load it again.");
  }
  return RemoteModel.ensemblePredict(remote, weights, source, options);
}
