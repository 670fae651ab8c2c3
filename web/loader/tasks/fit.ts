/** Why a model's task does not fit a call. The loader raises the errors: the chunk would have classes of its own. */
import type { Meant } from "./meant.ts";

/** Why a page that expects a label of a model without gets none. */
export function whyNoLabel({ name, task }: Meant): string {
  const [call, has] =
    task?.kind === "embedding" ? ["call embed(), or ", "an embedding"] : ["", "values"];
  return `${name} gives no label: ${call}load it with { task: "${task?.kind}" }, and its predictions have ${has}.`;
}

/** Why answers of the models have no mean; empty where they have. */
export function whyNoMean(infos: readonly Meant[]): string {
  const embedding = infos.find(({ task }) => task?.kind === "embedding");
  if (embedding) {
    return `${embedding.name} gives embeddings; those of different networks cannot be averaged in an ensemble`;
  }
  const meanings = infos.map(({ task }) => {
    const units = task?.units ? ` in ${task.units.join(", ")}` : "";
    return `${task?.of ?? task?.kind ?? "softmax"}${units}`;
  });
  const labels = infos.map((info) => JSON.stringify(info.labels));
  for (const [what, found] of [
    ["task", meanings],
    ["labels", labels],
  ] as const) {
    if (found.some((other) => other !== found[0])) {
      return `the models of an ensemble need the same ${what}; found ${found.join(", ")}`;
    }
  }
  return "";
}

/** Raises RangeError for weights that an ensemble cannot have. */
export function checkWeights(names: readonly string[], weights: readonly number[]): void {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const valid = weights.every((weight) => weight >= 0 && Number.isFinite(weight));
  if (names.length > 0 && weights.length === names.length && valid && total > 0) return;
  throw new RangeError(
    `An ensemble takes one weight, not below 0, for each of its models; found ${names.length} models and [${weights.join(", ")}].`,
  );
}
