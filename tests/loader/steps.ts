/** Applies steps to synthetic images and prints a hash of each result, for comparison with Pillow. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { PreprocessingInfo } from "../../web/loader/api/preprocessing.ts";
import { synthetic } from "./synthetic.ts";
import { applySteps } from "../../web/loader/images/steps.ts";

/** Width, height and preprocessing. */
type Case = [number, number, PreprocessingInfo];

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Case[];
const results = cases.map(([width, height, preprocessing]) => {
  const source = { data: synthetic(width, height), width, height };
  const result = applySteps(source, preprocessing);
  const rgb = result.data.filter((_, i) => i % 4 !== 3);
  return [
    result.width,
    result.height,
    createHash("sha256").update(rgb).digest("hex"),
  ];
});
console.log(JSON.stringify(results));
