import type { PreprocessingInfo } from "../api/preprocessing.ts";
import type { Pixels } from "./pixels.ts";

/**
 * torchvision's `ToTensor → Normalize`: a tensor [channels, height, width], each of scaling, subtraction and division
 * rounded to float32. A channel has 256 possible values, which are looked up.
 */
export function normalise(
  { data, width, height }: Pixels,
  { color, scale, mean, std }: Omit<PreprocessingInfo, "steps">,
): Float32Array<ArrayBuffer> {
  const plane = width * height;
  const tensor = new Float32Array(mean.length * plane);
  mean.forEach((average, channel) => {
    const values = valuesOf(scale, average, std[channel]!);
    const first = color === "bgr" ? mean.length - 1 - channel : channel;
    const out = tensor.subarray(channel * plane, (channel + 1) * plane);
    for (let i = 0, at = first; i < plane; i++, at += 4) out[i] = values[data[at]!]!;
  });
  return tensor;
}

function valuesOf(scale: PreprocessingInfo["scale"], mean: number, std: number): Float32Array {
  const { fround } = Math;
  return Float32Array.from({ length: 256 }, (_, level) => {
    const scaled = scale === 1 ? level : scale === "*1/255" ? level * fround(1 / 255) : level / 255;
    return fround(fround(fround(scaled) - fround(mean)) / fround(std));
  });
}
