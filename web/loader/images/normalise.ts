import type { PreprocessingInfo } from "../api/preprocessing.ts";
import type { Pixels } from "./pixels.ts";

/**
 * torchvision's `ToTensor → Normalize`: a tensor [3, height, width], each of division, subtraction and division rounded to
 * float32. A channel has 256 possible values, which are looked up.
 */
export function normalise(
  pixels: Pixels,
  { mean, std }: Pick<PreprocessingInfo, "mean" | "std">,
): Float32Array<ArrayBuffer> {
  const { data, width, height } = pixels;
  const plane = width * height;
  const tensor = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const values = valuesOf(mean[channel]!, std[channel]!);
    const out = tensor.subarray(channel * plane, (channel + 1) * plane);
    for (let i = 0, at = channel; i < plane; i++, at += 4) out[i] = values[data[at]!]!;
  }
  return tensor;
}

function valuesOf(mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, level) =>
    fround(fround(fround(level / 255) - fround(mean)) / fround(std)),
  );
}
