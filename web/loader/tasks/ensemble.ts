/** The prediction of an ensemble. */
import type { AnyEnsemblePrediction } from "../api/ensemble.ts";
import type { ModelInfo } from "../api/manifest.ts";
import type { AnyPrediction, PredictOptions, Timings } from "../api/model.ts";
import type { Decoded } from "../images/decode.ts";
import { answerOf, scoresIn } from "./tasks.ts";

/** A model in this thread; `S` is what it takes as an image. */
export interface Member<S> {
  readonly info: ModelInfo;
  decode(source: S, options: PredictOptions): Promise<Decoded>;
  tensorOf(image: ImageData): Promise<Float32Array>;
  predictTensor(
    origin: Decoded,
    tensor: Float32Array,
    times: Pick<Timings, "decode" | "preprocess">,
    options: PredictOptions,
  ): Promise<AnyPrediction>;
}

/** The weighted mean of the models' predictions; the image is decoded once, and preprocessed once where they agree. */
export async function ensemblePredict<S>(
  models: readonly Member<S>[],
  weights: readonly number[],
  source: S,
  options: PredictOptions = {},
): Promise<AnyEnsemblePrediction> {
  const images = new Map<string, Timed<Decoded>>();
  const tensors = new Map<string, Timed<Float32Array>>();
  const predictions: AnyPrediction[] = [];
  for (const model of models) {
    const { preprocessing, input } = model.info;
    const { orientation = preprocessing.exif_orientation } = options;
    const decoded = await once(images, orientation, () => model.decode(source, options));
    options.signal?.throwIfAborted();
    const tensor = await once(
      tensors,
      JSON.stringify([preprocessing, orientation, input.shape]),
      () => model.tensorOf(decoded.value.pixels),
    );
    const times = { decode: decoded.duration, preprocess: tensor.duration };
    predictions.push(await model.predictTensor(decoded.value, tensor.value, times, options));
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const each = predictions.map(scoresIn);
  const scores = each[0]!.map((_, at) =>
    each.reduce((sum, one, i) => sum + (weights[i]! / total) * one[at]!, 0),
  );
  const answer = answerOf(models[0]!.info, scores, options, scores);
  return { ...answer, predictions } as AnyEnsemblePrediction;
}

interface Timed<T> {
  value: T;
  /** In milliseconds; 0 where the value was computed before. */
  duration: number;
}

async function once<T>(
  computed: Map<string, Timed<T>>,
  key: string,
  compute: () => T | Promise<T>,
): Promise<Timed<T>> {
  const known = computed.get(key);
  if (known) return { value: known.value, duration: 0 };
  const started = performance.now();
  const value = await compute();
  const timed = { value, duration: performance.now() - started };
  computed.set(key, timed);
  return timed;
}
