/** Resizes synthetic pictures and prints a hash of each result, for Python to compare with Pillow. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { PreprocessingInfo } from "../../web/loader/manifest.ts";
import { resample } from "../../web/loader/resample.ts";

type Case = [number, number, number, number, PreprocessingInfo["filter"]];

/** The picture that `synthetic` of tests/browser/test_pictures.py makes too. */
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
const hashes = cases.map(([width, height, outWidth, outHeight, filter]) => {
  const source = { data: synthetic(width, height), width, height };
  const { data } = resample(source, outWidth, outHeight, {
    filter,
    vertical_first: true,
  });
  const rgb = data.filter((_, i) => i % 4 !== 3);
  return createHash("sha256").update(rgb).digest("hex");
});
console.log(JSON.stringify(hashes));
