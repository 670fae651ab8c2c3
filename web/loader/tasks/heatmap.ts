/** Class activation maps and features, which graphs of their own compute with the same weights. */
import type { ModelInfo } from "../api/manifest.ts";
import type { Prediction } from "../api/model.ts";
import type { Heatmap } from "../api/task.ts";

/**
 * The model whose outputs are, for each image, the logits, then more: the map of each class, whose means are the logits, or
 * the features. Their self-check compares the logits.
 */
export function withMore(info: ModelInfo, more: "heatmap" | "features"): ModelInfo {
  const { graph: _graph, plan: _plan, no_plan: _noPlan, ...rest } = info;
  const { graph, plan } = info[more]!;
  const [, outputs] = info.output.shape;
  const { heatmap, features } = info;
  const added = more === "heatmap" ? outputs * heatmap!.height * heatmap!.width : features!.length;
  return {
    ...rest,
    output: { ...info.output, shape: ["batch", outputs + added] },
    ...(graph && { graph }),
    ...(plan && { plan }),
  };
}

/** The map of one class in the `values` of one image; of the answer where `wanted` names none. */
export function heatmapOf(
  { labels, heatmap, output }: ModelInfo,
  values: Float32Array,
  wanted: boolean | string | number,
  answer: Pick<Prediction, "label" | "confidence" | "probabilities">,
): Heatmap {
  const { height, width } = heatmap!;
  const index =
    typeof wanted === "number"
      ? wanted
      : labels.findIndex((label, i) =>
          wanted === true
            ? label === answer.label && answer.probabilities[i] === answer.confidence // labels may repeat
            : label === wanted,
        );
  const [, classes] = output.shape;
  const start = classes + Math.min(index, classes - 1) * height * width;
  const map = values.slice(start, start + height * width);
  // One logit of two labels is the second's: what speaks for it speaks against the first.
  const isFirstOfTwo = labels.length > classes && index === 0;
  const label = labels[index]!;
  return { label, index, height, width, values: isFirstOfTwo ? map.map((value) => -value) : map };
}

/** Raises RangeError where the model has no maps, or none of `wanted`. */
export function checkHeatmap(
  { name, labels, heatmap }: Pick<ModelInfo, "name" | "labels" | "heatmap">,
  wanted: unknown,
): void {
  if (wanted === undefined || wanted === false) return;
  if (!heatmap) {
    throw new RangeError(
      `${name} has no heatmaps: they need a network that ends in global average pooling and one linear layer.`,
    );
  }
  if (wanted === true || labels.some((label, index) => wanted === index || wanted === label))
    return;
  throw new RangeError(
    `heatmap: found ${JSON.stringify(wanted)}, expected true, a label, or an index below ${labels.length}.`,
  );
}
