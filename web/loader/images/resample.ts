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

/** Which of Pillow's resizes. */
export interface Resampling {
  filter: "nearest" | keyof typeof KERNELS;
  /** Whether the vertical pass may run first, as since Pillow 13. */
  vertical_first: boolean;
}

/** A resampling kernel: nonzero within `support` of the centre, in units of the coarser grid. */
interface Kernel {
  support: number;
  weight(distance: number): number;
}

/** As Pillow defines them, the order of its operations included. */
const KERNELS = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
} satisfies Record<string, Kernel>;

function hamming(distance: number): number {
  const x = Math.abs(distance);
  // Pillow writes these two constants in single precision.
  return x >= 1 ? 0 : sinc(x) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(x * Math.PI));
}

function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

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
  { filter, vertical_first }: Resampling,
): Pixels {
  if (filter === "nearest") {
    return pick(source, positions(source.height, height), positions(source.width, width));
  }
  // Pillow's order; the passes round, so the order shows in the result.
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

function coefficients(inputs: number, outputs: number, filter: keyof typeof KERNELS): Coefficients {
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
  const { width: inputs, height } = source;
  const words = wordsOf(source);
  const width = starts.length;
  const result = new Uint8ClampedArray(width * height * 4);
  // Rows outermost, in the order of memory: of 12 megapixels that takes 0.6 of the time.
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

/** A pixel a word, red lowest, as on every machine that WebAssembly runs on: read at once, 0.85 of the time. */
function wordsOf({ data }: Pixels): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
}

/** The pixels at `rows` and `columns` of `source`; -1 stands for one of the colour `fill`. */
export function pick(
  source: Pixels,
  rows: Int32Array,
  columns: Int32Array,
  fill: readonly number[] = [],
): Pixels {
  const data = new Uint8ClampedArray(rows.length * columns.length * 4);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const outside = row < 0 || column < 0;
      const at = (row * source.width + column) * 4;
      for (let c = 0; c < 3; c++) data[to + c] = outside ? fill[c]! : source.data[at + c]!;
      to += 4;
    }
  }
  return { data, width: columns.length, height: rows.length };
}

/** Pillow's positions for its nearest neighbour: added up, rounding as it does (`ImagingScaleAffine`). */
function positions(inputs: number, outputs: number): Int32Array {
  const step = inputs / outputs;
  let position = step * 0.5;
  return Int32Array.from({ length: outputs }, () => {
    const found = Math.trunc(position);
    position += step;
    return found;
  });
}
