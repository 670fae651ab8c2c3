/** Several models that answer together. */
import type { EnsemblePrediction } from "../api/ensemble.ts";
import type { Prediction, PredictOptions } from "../api/model.ts";
import type { Decoded } from "../images/decode.ts";
import { argmax } from "../tasks/softmax.ts";
import type { InlineModel, Source } from "./inline_model.ts";

/**
 * The answer of `models`, which have the same labels, to one picture. It is decoded once, so that each sees the same
 * frame of a video, and made a tensor once for all that take the same.
 */
export async function predictTogether(
  models: readonly InlineModel[],
  weights: readonly number[],
  source: Source,
  options: PredictOptions = {},
): Promise<EnsemblePrediction> {
  const pictures = new Map<string, Timed<Decoded>>();
  const tensors = new Map<string, Timed<Float32Array>>();
  const predictions: Prediction[] = [];
  for (const model of models) {
    const { preprocessing, input } = model.info;
    const decoded = await once(pictures, preprocessing.exif_orientation, () =>
      model.decode(source),
    );
    options.signal?.throwIfAborted();
    const tensor = await once(tensors, JSON.stringify([preprocessing, input.shape]), async () =>
      model.tensorOf(decoded.value.pixels),
    );
    const before = { decode: decoded.duration, preprocess: tensor.duration };
    predictions.push(await model.predictTensor(decoded.value, tensor.value, before, options));
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const { labels } = models[0]!.info;
  const probabilities = labels.map((_, label) =>
    predictions.reduce(
      (sum, prediction, i) => sum + (weights[i]! / total) * prediction.probabilities[label]!,
      0,
    ),
  );
  const best = argmax(probabilities);
  return { label: labels[best]!, confidence: probabilities[best]!, probabilities, predictions };
}

interface Timed<T> {
  value: T;
  /** In milliseconds; of the first to ask. */
  duration: number;
}

async function once<T>(
  made: Map<string, Timed<T>>,
  key: string,
  make: () => Promise<T>,
): Promise<Timed<T>> {
  const known = made.get(key);
  if (known) return { value: known.value, duration: 0 };
  const started = performance.now();
  const value = await make();
  const timed = { value, duration: performance.now() - started };
  made.set(key, timed);
  return timed;
}
