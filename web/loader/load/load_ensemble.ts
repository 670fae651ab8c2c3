import type {
  AnyEnsemblePrediction,
  Ensemble,
  EnsembleOptions,
  EnsembleRegressionPrediction,
} from "../api/ensemble.ts";
import { BackendError, ManifestError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { Task } from "../api/task.ts";
import type { AnyPrediction, Model, PredictOptions, RegressionPrediction } from "../api/model.ts";
import { importTasks, requireAnswers } from "../tasks/answer.ts";
import { InlineModel } from "./inline_model.ts";
import { loadAny } from "./load_model.ts";
import { RemoteModel } from "./remote_model.ts";
import { watch } from "./watch.ts";

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
  const { checkWeights, whyNoMean } = await importTasks();
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
    const infos = models.map(({ info }) => info);
    const problem = whyNoMean(infos);
    if (problem) throw new ManifestError("", problem);
    requireAnswers(infos[0]!, options.task);
  } catch (error) {
    await dispose();
    throw error;
  }
  const ensemble: AnyEnsemble & Pick<Model<AnyPrediction>, "info"> = {
    models,
    info: models[0]!.info, // for `watch`: what the mean means
    dispose,
    predict: (source: ImageSource, predictOptions?: PredictOptions) =>
      predict(models, weights, source, predictOptions),
    // Each step passes on what `predict` gives, with the mean in place of the scores.
    watch: watch as unknown as AnyEnsemble["watch"],
  };
  return ensemble;
}

async function predict(
  models: readonly Model<AnyPrediction>[],
  weights: readonly number[],
  source: ImageSource,
  options?: PredictOptions,
): Promise<AnyEnsemblePrediction> {
  const inline = models.filter((model) => model instanceof InlineModel);
  if (inline.length === models.length) {
    const { ensemblePredict } = await importTasks();
    return ensemblePredict(inline, weights, source, options);
  }
  const remote = models.filter((model) => model instanceof RemoteModel);
  if (remote.length !== models.length) {
    throw new BackendError("The worker ended while the ensemble was loaded; load it again.");
  }
  return RemoteModel.ensemblePredict(remote, weights, source, options);
}
