/** Applies steps to synthetic images: prints a hash of each result, for Python to compare with Pillow's. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { StepInfo } from "../../web/loader/api/preprocessing.ts";
import type { Pixels } from "../../web/loader/images/pixels.ts";
import { applyStep } from "../../web/loader/images/steps.ts";

/** Width, height and steps. */
type Case = [number, number, StepInfo[]];

/** The same image as `synthetic` of tests/browser/test_pictures.py. */
function synthetic(width: number, height: number): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const index = i * 3 + c;
      data[i * 4 + c] =
        (Math.imul(index ^ (index >>> 7), 2654435761) >>> 13) & 255;
    }
  }
  return data;
}

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Case[];
const results = cases.map(([width, height, steps]) => {
  const source: Pixels = { data: synthetic(width, height), width, height };
  const result = steps.reduce(
    (pixels, step) => applyStep(pixels, step, true),
    source,
  );
  const rgb = result.data.filter((_, i) => i % 4 !== 3);
  return [
    result.width,
    result.height,
    createHash("sha256").update(rgb).digest("hex"),
  ];
});
console.log(JSON.stringify(results));
