/** Several networks as one: the page's choice of all of them together. */
import { loadEnsemble } from "../../loader/torch2web.ts";
import type {
  DoubtfulAnswers,
  Ensemble,
  EnsemblePrediction,
  OverallProgress,
  Prediction,
  Progress,
  Timings,
} from "../../loader/torch2web.ts";
import type { Choice, PageModel } from "../choice.ts";

export interface TogetherOptions {
  integrity: string;
  onProgress: (progress: Progress) => void;
  onDoubtful: (doubt: DoubtfulAnswers) => void;
  signal: AbortSignal;
}

/** Loads the networks of `members`, one after the other. Rejects as `loadEnsemble` does. */
export async function loadTogether(
  title: string,
  members: readonly Choice[],
  { onProgress, ...options }: TogetherOptions,
): Promise<PageModel> {
  const ensemble = await loadEnsemble(
    members.map(({ name }) => name),
    { ...options, onProgress: sumProgress(members, onProgress) },
  );
  const { models } = ensemble;
  const { heatmap: _heatmap, features: _features, ...info } = models[0]!.info;
  const sum = (key: "fromCache" | "downloaded"): number =>
    models.reduce((total, model) => total + model.info.cache[key], 0);
  const predict: PageModel["predict"] = async (source, options) =>
    asOne(await ensemble.predict(source, options));
  return {
    info: {
      ...info,
      title,
      cache: { ...info.cache, fromCache: sum("fromCache"), downloaded: sum("downloaded") },
    },
    backend: reportOf(ensemble),
    predict,
    watch: (video, callback, options) =>
      ensemble.watch(video, (prediction) => callback(asOne(prediction)), options),
    dispose: () => ensemble.dispose(),
  };
}

/** One progress of networks that load one after the other. */
function sumProgress(
  members: readonly Choice[],
  report: (progress: Progress) => void,
): (progress: Progress) => void {
  let done = 0;
  let current: OverallProgress = { loaded: 0, total: 0, fraction: 0 };
  const expected = members.reduce((sum, { bytes }) => sum + bytes, 0);
  return ({ overall, ...progress }) => {
    if (overall.loaded < current.loaded) done += current.total; // the next network
    current = overall;
    const loaded = done + overall.loaded;
    const total = Math.max(expected, done + overall.total);
    report({ ...progress, overall: { loaded, total, fraction: loaded / total } });
  };
}

function reportOf({ models }: Ensemble): PageModel["backend"] {
  const reports = models.map(({ backend }) => backend);
  const widest = reports.reduce((one, other) =>
    other.selfCheck.maxAbsDiff > one.selfCheck.maxAbsDiff ? other : one,
  );
  const descriptions = new Set(reports.map(({ description }) => description));
  return { ...widest, description: [...descriptions].join("; ") };
}

/** The mean answer in the form of one network's. */
function asOne({ predictions, ...answer }: EnsemblePrediction): Prediction {
  const [first] = predictions;
  const inexact = predictions.find((one) => !one.exact)?.inexact ?? "";
  const timings = predictions.reduce<Timings>(
    (sum, one) => ({
      decode: sum.decode + one.timings.decode,
      preprocess: sum.preprocess + one.timings.preprocess,
      run: sum.run + one.timings.run,
      total: sum.total + one.timings.total,
    }),
    { decode: 0, preprocess: 0, run: 0, total: 0 },
  );
  return { ...first!, ...answer, exact: !inexact, inexact, timings };
}
