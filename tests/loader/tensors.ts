/** Prints a hash of the tensor of a synthetic image, and of the golden input, for comparison with Python. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ModelInfo } from "../../web/loader/api/manifest.ts";
import { goldenInput } from "../../web/loader/backends/golden.ts";
import { normalise } from "../../web/loader/images/normalise.ts";
import { applySteps } from "../../web/loader/images/steps.ts";
import { synthetic } from "./synthetic.ts";

/** Preprocessing, shape of the input, and width and height of the image. */
type Case = [
  ModelInfo["preprocessing"],
  ModelInfo["input"]["shape"],
  [number, number],
];

const hash = ({ buffer }: Float32Array<ArrayBuffer>): string =>
  createHash("sha256").update(new Uint8Array(buffer)).digest("hex");

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Case[];
const results = cases.map(([preprocessing, shape, [width, height]]) => {
  const image = { data: synthetic(width, height), width, height };
  const input = { name: "input", dtype: "float32", shape } as const;
  return [
    hash(normalise(applySteps(image, preprocessing), preprocessing)),
    hash(goldenInput(3, 2, { input, preprocessing })),
  ];
});
console.log(JSON.stringify(results));
