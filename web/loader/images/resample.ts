/**
 * Pillow's antialiased resize, bit for bit: two passes over 8-bit channels with fixed-point coefficients, each pass rounded
 * and clipped (`ImagingResample` of Pillow 13).
 */
import type { ResizeInfo } from "../api/preprocessing.ts";
import { gather, type Pixels } from "./pixels.ts";
import { coefficients, PRECISION_BITS, type Coefficients } from "./resampling_filters.ts";

export interface Resampling {
  filter: ResizeInfo["filter"];
  /** Whether the vertical pass may run first, as in Pillow 13 and later. */
  vertical_first: boolean;
}

const HALF = 1 << (PRECISION_BITS - 1);

/** Resizes `source` to `width` × `height`; the fourth channel of the result is undefined. */
export function resample(
  source: Pixels,
  width: number,
  height: number,
  { filter, vertical_first }: Resampling,
): Pixels {
  if (filter === "nearest") {
    return gather(source, nearest(source.height, height), nearest(source.width, width));
  }
  // Each pass rounds, so their order affects the result.
  const shrink = source.height - height;
  const verticalFirst = vertical_first && shrink > 0 && shrink > 2 * (source.width - width);
  const horizontal = (from: Pixels): Pixels =>
    from.width === width ? from : resampleRows(from, coefficients(from.width, width, filter));
  const vertical = (from: Pixels): Pixels =>
    from.height === height
      ? from
      : resampleColumns(from, coefficients(from.height, height, filter));
  return verticalFirst ? horizontal(vertical(source)) : vertical(horizontal(source));
}

function resampleRows(source: Pixels, { starts, counts, weights, stride }: Coefficients): Pixels {
  const { width: inputs, height } = source;
  const words = wordsOf(source);
  const width = starts.length;
  const result = new Uint8ClampedArray(width * height * 4);
  // Rows outermost, in memory order: 0.6 of the time for 12 megapixels.
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const first = x * stride;
      const last = first + counts[x]!;
      let at = y * inputs + starts[x]!;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = first; k < last; k++, at++) {
        const weight = weights[k]!;
        const pixel = words[at]!;
        red = (red + Math.imul(pixel & 255, weight)) | 0;
        green = (green + Math.imul((pixel >>> 8) & 255, weight)) | 0;
        blue = (blue + Math.imul((pixel >>> 16) & 255, weight)) | 0;
      }
      result[to] = red >> PRECISION_BITS;
      result[to + 1] = green >> PRECISION_BITS;
      result[to + 2] = blue >> PRECISION_BITS;
    }
  }
  return { data: result, width, height };
}

function resampleColumns(
  source: Pixels,
  { starts, counts, weights, stride }: Coefficients,
): Pixels {
  const { width } = source;
  const words = wordsOf(source);
  const height = starts.length;
  const result = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, to = 0; y < height; y++) {
    const first = y * stride;
    const last = first + counts[y]!;
    for (let x = 0; x < width; x++, to += 4) {
      let at = starts[y]! * width + x;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = first; k < last; k++, at += width) {
        const weight = weights[k]!;
        const pixel = words[at]!;
        red = (red + Math.imul(pixel & 255, weight)) | 0;
        green = (green + Math.imul((pixel >>> 8) & 255, weight)) | 0;
        blue = (blue + Math.imul((pixel >>> 16) & 255, weight)) | 0;
      }
      result[to] = red >> PRECISION_BITS;
      result[to + 1] = green >> PRECISION_BITS;
      result[to + 2] = blue >> PRECISION_BITS;
    }
  }
  return { data: result, width, height };
}

/** One little-endian word per pixel, red in the lowest byte: 0.85 of the time of reading bytes. */
function wordsOf({ data }: Pixels): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
}

/** Pillow's input indices for nearest-neighbour, with its accumulated rounding (`ImagingScaleAffine`). */
function nearest(inputs: number, outputs: number): Int32Array {
  const step = inputs / outputs;
  let position = step * 0.5;
  return Int32Array.from({ length: outputs }, () => {
    const index = Math.trunc(position);
    position += step;
    return index;
  });
}
