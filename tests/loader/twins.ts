/** Prints results of functions that exist in Python too, such as the golden input and softmax, for comparison. */
import { createHash } from "node:crypto";
import { goldenInput } from "../../web/loader/backends/golden.ts";
import type { TaskInfo } from "../../web/loader/api/task.ts";
import { scoresOf } from "../../web/loader/tasks/tasks.ts";
import { ranked, softmax } from "../../web/loader/tasks/classification.ts";
import { subresourceIntegrity } from "../../web/loader/fetch/integrity.ts";

const hash = (array: Float32Array): string =>
  createHash("sha256").update(new Uint8Array(array.buffer)).digest("hex");

const info = {
  input: {
    name: "input",
    dtype: "float32" as const,
    shape: ["batch", 3, 100, 77] as ["batch", 1 | 3, number, number],
  },
  preprocessing: {
    steps: [],
    vertical_first: true,
    exif_orientation: "ignore" as const,
    mean: [0.485, 0.456, 0.406] as [number, number, number],
    std: [0.229, 0.224, 0.225] as [number, number, number],
  },
};

/** Tasks with outputs of an image, from Python. */
const TASKS = JSON.parse(process.argv[2]!) as {
  task: TaskInfo;
  outputs: number[];
}[];

console.log(
  JSON.stringify({
    golden: [0, 20261, 2 ** 31].map((seed) => hash(goldenInput(seed, 2, info))),
    softmax: [
      [1000, 0, -1000],
      [0.1, 0.2, 0.3, 0.4],
    ].map(softmax),
    scores: TASKS.map(({ task, outputs }) =>
      scoresOf(task, Float32Array.from(outputs)),
    ),
    argmax: [[1, 3, 3, 2], [0], [-1, -2]].map(
      (values) => ranked([...values.keys()], values)[0],
    ),
    integrity: subresourceIntegrity("00ff10".padEnd(64, "a")),
  }),
);
