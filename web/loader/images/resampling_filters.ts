/** Pillow's resampling filters, and their coefficients in 22-bit fixed point (`precompute_coeffs` of Pillow 13). */
import type { ResizeInfo } from "../api/preprocessing.ts";

export type Filter = Exclude<ResizeInfo["filter"], "nearest">;

/** A resampling kernel: nonzero within `support` of the centre, in units of the coarser grid. */
interface Kernel {
  support: number;
  weight: (distance: number) => number;
}

/** As Pillow defines them, including the order of the operations. */
const KERNELS: Record<Filter, Kernel> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function hamming(distance: number): number {
  const x = Math.abs(distance);
  // Pillow has these two constants in single precision.
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

export const PRECISION_BITS = 22;

/** For each output position: the first input, the number of inputs, and their weights. */
export interface Coefficients {
  starts: Int32Array;
  counts: Int32Array;
  /** `stride` entries for each output position. */
  weights: Int32Array;
  stride: number;
}

export function coefficients(inputs: number, outputs: number, filter: Filter): Coefficients {
  const kernel = KERNELS[filter];
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
