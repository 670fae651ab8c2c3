/** A prediction of any task as one line of a table. */
import type { AnyPrediction, LoadedModelInfo } from "../../loader/torch2web.ts";

export interface Result {
  /** In words: the label, the labels that apply, or the numbers. */
  answer: string;
  /** Of the answer; undefined where it has none: several labels, or numbers. */
  confidence: number | undefined;
  /** Name and score of each label or number, in the model's order. */
  scores: readonly (readonly [name: string, score: number])[];
  /** Of the answered labels, in the model's list; none of numbers. */
  indices: readonly number[];
}

/** Raises RangeError for an embedding, which says nothing alone. */
export function resultOf(
  { labels }: Pick<LoadedModelInfo, "labels">,
  prediction: AnyPrediction,
): Result {
  if ("values" in prediction) {
    const scores = prediction.values.map(({ name, value }) => [name, value] as const);
    const answer = prediction.values.map(({ name, value, unit }) =>
      `${name} ${number(value)} ${unit}`.trim(),
    );
    return { answer: answer.join(", "), confidence: undefined, scores, indices: [] };
  }
  if ("embedding" in prediction) throw new RangeError("An embedding is no answer.");
  const { label, confidence, probabilities, labels: applying } = prediction;
  const scores = labels.map((name, at) => [name, probabilities[at]!] as const);
  if (!applying) {
    const index = labels.findIndex((one, at) => one === label && probabilities[at] === confidence);
    return { answer: label, confidence, scores, indices: [index] };
  }
  const answer = applying.map((one) => one.label).join(", ") || "None of them";
  const indices = applying.map((one) => one.index);
  return { answer, confidence: undefined, scores, indices };
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function number(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 4 });
}
