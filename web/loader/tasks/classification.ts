import type { LabelProbability } from "../api/task.ts";

/** Softmax of the logits of one image, in double precision. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const max = Math.max(...values);
  const exponentials = values.map((logit) => Math.exp(logit - max));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/** Number of labels in `top`, unless the call says otherwise. */
export const TOP = 5;

/** `indices` in the order of their values, the largest first; equal ones stay as they are, as NumPy's `argmax` has it. */
export function ranked(indices: number[], values: ArrayLike<number>): number[] {
  return indices.sort((one, other) => values[other]! - values[one]!);
}

/** The entry of `top` and `labels` for the label at `index`. */
export function entryOf(
  labels: readonly string[],
  scores: readonly number[],
  index: number,
): LabelProbability {
  const probability = scores[index]!;
  return { label: labels[index]!, index, probability, score: probability };
}
