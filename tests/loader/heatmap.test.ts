/** The heat map of a prediction, where labels repeat or two share one logit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelInfo } from "../../web/loader/api/manifest.ts";
import { heatmapOf } from "../../web/loader/tasks/heatmap.ts";

const infoOf = (labels: string[], outputs: number): ModelInfo =>
  ({
    labels,
    heatmap: { height: 1, width: 2 },
    output: { shape: ["batch", outputs] },
  }) as unknown as ModelInfo;

test("a repeated label is identified by its probability", () => {
  const info = infoOf(["crane", "heron", "crane"], 3);
  const values = Float32Array.of(0, 0, 0, 1, 2, 3, 4, 5, 6);
  const answer = {
    label: "crane",
    confidence: 0.7,
    probabilities: [0.1, 0.2, 0.7],
  };
  const { index, values: map } = heatmapOf(info, values, true, answer);
  assert.deepEqual([index, [...map]], [2, [5, 6]]);
});

test("the first of two labels has the opposite of the second's map", () => {
  const info = infoOf(["no", "yes"], 1);
  const values = Float32Array.of(0, 1, -2);
  const answer = { label: "no", confidence: 0.6, probabilities: [0.6, 0.4] };
  const { label, values: map } = heatmapOf(info, values, true, answer);
  assert.deepEqual([label, [...map]], ["no", [-1, 2]]);
  assert.deepEqual([...heatmapOf(info, values, "yes", answer).values], [1, -2]);
});
