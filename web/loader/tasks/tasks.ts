/** Postprocessing of each task. The same as Python's `torch2web.tasks`. */
import type { AnyPrediction } from "../api/model.ts";
import type { LabelProbability, LabelSelection, TaskInfo } from "../api/task.ts";
import type { Answer, Meant } from "./meant.ts";
import { entryOf, ranked, softmax, TOP } from "./classification.ts";
import { selected } from "./selection.ts";

/** Probabilities of a classifier, one for each label; the outputs as they are of other models. */
export function scoresOf({ kind, of }: TaskInfo, outputs: Float32Array): number[] {
  const values = Array.from(outputs);
  if (kind === "softmax") return softmax(values);
  if (kind === "sigmoid") return values.map(sigmoid);
  // Not 1 - p, which would round small probabilities of the first label to 0.
  if (kind === "binary") return [sigmoid(-values[0]!), sigmoid(values[0]!)];
  return of === "binary" ? [1 - values[0]!, values[0]!] : values;
}

/** What the scores of one image mean; `order` has the order of the scores before rounding. */
export function answerOf(
  { labels, task = { kind: "softmax" } }: Meant,
  scores: number[],
  selection: LabelSelection,
  order: ArrayLike<number>,
): Answer {
  if (task.kind === "embedding") return { embedding: Float32Array.from(scores) };
  if (task.kind === "regression") {
    const valueOf = (name: string, i: number) => ({
      name,
      value: scores[i]!,
      unit: task.units?.[i] ?? "",
    });
    return { values: labels.map(valueOf) };
  }
  const meaning = task.of ?? task.kind;
  const { threshold, topK = threshold === undefined ? TOP : undefined } = selection;
  const thresholdOf = (index: number): number => threshold ?? task.thresholds![index]!;
  const by = order.length === scores.length ? order : scores;
  const entries: LabelProbability[] = ranked(selected(labels, selection), by).map((index) =>
    entryOf(labels, scores, index),
  );
  let best = entries[0]!;
  if (meaning === "binary" && entries.length === 2) {
    best = entries.find(({ index }) => index === Number(scores[1]! >= thresholdOf(0)))!;
  }
  return {
    label: best.label,
    confidence: best.probability,
    probabilities: scores,
    ...(meaning === "sigmoid" && {
      labels: entries.filter(({ index, probability }) => probability >= thresholdOf(index)),
    }),
    top: entries.filter(({ probability }) => probability >= (threshold ?? 0)).slice(0, topK),
  };
}

/** The scores that a prediction was made of. */
export function scoresIn(prediction: AnyPrediction): number[] {
  if ("values" in prediction) return prediction.values.map(({ value }) => value);
  return "embedding" in prediction ? Array.from(prediction.embedding) : prediction.probabilities;
}

/** The logistic function, without overflow. */
function sigmoid(logit: number): number {
  const exponential = Math.exp(-Math.abs(logit));
  return (logit >= 0 ? 1 : exponential) / (1 + exponential);
}
