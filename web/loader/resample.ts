/**
 * Pillow's antialiased resize, to the bit: two passes over 8-bit channels with 22-bit fixed-point
 * coefficients, each pass rounded and clipped. Follows `ImagingResample` of Pillow 13.
 */

/** Pixels as `ImageData` has them: 4 bytes each, the fourth ignored. */
export interface Pixels {
  data: Uint8ClampedArray | Uint8Array;
  width: number;
  height: number;
}

/** A resampling kernel: nonzero within `support` of the centre, in units of the coarser grid. */
interface Kernel {
  support: number;
  weight(distance: number): number;
}

export const KERNELS = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
} satisfies Record<string, Kernel>;

export type FilterName = keyof typeof KERNELS;

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** For each output position: where its inputs start, how many there are, and their weights. */
interface Coefficients {
  starts: Int32Array;
  counts: Int32Array;
  /** `stride` entries for each output position. */
  weights: Int32Array;
  stride: number;
}

/** Resizes `source` to `width` × `height`; the fourth channel of the result means nothing. */
export function resample(
  source: Pixels,
  width: number,
  height: number,
  filter: FilterName,
): Pixels {
  // Pillow's order; the passes round, so the order shows in the result.
  const shrink = source.height - height;
  const verticalFirst = shrink > 0 && shrink > 2 * (source.width - width);
  const horizontal = (from: Pixels): Pixels =>
    from.width === width ? from : resampleRows(from, coefficients(from.width, width, filter));
  const vertical = (from: Pixels): Pixels =>
    from.height === height
      ? from
      : resampleColumns(from, coefficients(from.height, height, filter));
  return verticalFirst ? horizontal(vertical(source)) : vertical(horizontal(source));
}

function coefficients(inputs: number, outputs: number, filter: FilterName): Coefficients {
  const kernel: Kernel = KERNELS[filter];
  const scale = inputs / outputs;
  const filterScale = Math.max(1, scale);
  const support = kernel.support * filterScale;
  const inverse = 1 / filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Int32Array(outputs * stride);
  const exact = new Float64Array(stride);
  for (let output = 0; output < outputs; output++) {
    const centre = (output + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - support + 0.5));
    const count = Math.min(inputs, Math.trunc(centre + support + 0.5)) - start;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const weight = kernel.weight((i + start - centre + 0.5) * inverse);
      exact[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < count; i++) {
      const weight = sum === 0 ? exact[i]! : exact[i]! / sum;
      const fixed = weight * (1 << PRECISION_BITS);
      weights[output * stride + i] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    starts[output] = start;
    counts[output] = count;
  }
  return { starts, counts, weights, stride };
}

function resampleRows(source: Pixels, { starts, counts, weights, stride }: Coefficients): Pixels {
  const { data, width: inputs, height } = source;
  const width = starts.length;
  const result = new Uint8ClampedArray(width * height * 4);
  // Rows outermost, in the order of memory: of 12 megapixels that takes 0.6 of the time.
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const first = x * stride;
      const last = first + counts[x]!;
      let at = (y * inputs + starts[x]!) * 4;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = first; k < last; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(data[at]!, weight)) | 0;
        green = (green + Math.imul(data[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(data[at + 2]!, weight)) | 0;
        at += 4;
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
  const { data, width } = source;
  const height = starts.length;
  const row = width * 4;
  const result = new Uint8ClampedArray(row * height);
  for (let y = 0, to = 0; y < height; y++) {
    const first = y * stride;
    const last = first + counts[y]!;
    for (let x = 0; x < row; x += 4, to += 4) {
      let at = starts[y]! * row + x;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = first; k < last; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(data[at]!, weight)) | 0;
        green = (green + Math.imul(data[at + 1]!, weight)) | 0;
        blue = (blue + Math.imul(data[at + 2]!, weight)) | 0;
        at += row;
      }
      result[to] = red >> PRECISION_BITS;
      result[to + 1] = green >> PRECISION_BITS;
      result[to + 2] = blue >> PRECISION_BITS;
    }
  }
  return { data: result, width, height };
}
