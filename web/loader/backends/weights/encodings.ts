/**
 * Decodes stored weights to float32, bit for bit like Python's `torch2web.variants.encodings`, which describes the
 * encodings: at most one multiplication per value, rounded to float32 by the Float32Array.
 */

/** One tensor of a safetensors file. */
export interface Stored {
  dtype: "F32" | "F16" | "I8" | "U8";
  shape: number[];
  bytes: Uint8Array;
}

/** A decoded `.scale` tensor. */
export interface Scale {
  shape: number[];
  values: Float32Array;
}

/** Rows of a column with a common scale, in 4-bit encoding. */
const BLOCK_ROWS = 32;

/** Number of values of an encoded tensor. */
export function lengthOf({ dtype, shape }: Omit<Stored, "bytes">): number {
  return shape.reduce((length, dimension) => length * dimension, dtype === "U8" ? 2 : 1);
}

/** Decodes `stored` into `out`. */
export function decodeInto(out: Float32Array, stored: Stored, scale: Scale | undefined): void {
  if (stored.dtype === "F32") {
    new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(stored.bytes);
  } else if (stored.dtype === "F16") {
    decodeHalf(out, stored.bytes);
  } else if (stored.dtype === "I8") {
    decodeInt8(out, stored, scale!);
  } else {
    decodeInt4(out, stored, scale!);
  }
}

function decodeInt8(out: Float32Array, { bytes, shape }: Stored, scale: Scale): void {
  const integers = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const scales = scale.values;
  // The scale has the weight's dimensions, all 1 except the channels.
  const axis = Math.max(
    scale.shape.findIndex((size) => size > 1),
    0,
  );
  const channels = scales.length;
  const inner = shape.slice(axis + 1).reduce((size, dimension) => size * dimension, 1);
  if (inner === 1) {
    for (let row = 0; row < out.length; row += channels) {
      for (let c = 0; c < channels; c++) out[row + c] = integers[row + c]! * scales[c]!;
    }
    return;
  }
  for (let at = 0, channel = 0; at < out.length; channel = (channel + 1) % channels) {
    const factor = scales[channel]!;
    for (const end = at + inner; at < end; at++) out[at] = integers[at]! * factor;
  }
}

function decodeInt4(out: Float32Array, { bytes, shape }: Stored, scale: Scale): void {
  const [rows, pairs] = shape as [number, number];
  const scales = scale.values;
  for (let row = 0, from = 0, to = 0; row < rows; row++) {
    let at = Math.trunc(row / BLOCK_ROWS) * pairs * 2;
    for (let pair = 0; pair < pairs; pair++) {
      const byte = bytes[from++]!;
      out[to++] = ((byte & 15) - 8) * scales[at++]!;
      out[to++] = ((byte >> 4) - 8) * scales[at++]!;
    }
  }
}

/** Every half-precision number by its bits; computed on first use. */
let halves: Float32Array | undefined;

function decodeHalf(out: Float32Array, bytes: Uint8Array): void {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => half(bits));
  for (let i = 0; i < out.length; i++) out[i] = halves[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}
