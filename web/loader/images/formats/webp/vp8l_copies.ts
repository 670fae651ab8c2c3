import type { BitReader } from "../compressed/bit_reader.ts";

/** Runs from this length on are copied by one call. */
const LONG_RUN = 24;

/** Offsets (columns to the left, rows up) of the first 120 distance codes, nearest first. */
const NEAR = [0, 1, 2, 3, 4, 5, 6, 7]
  .flatMap((y) =>
    [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8].map((x) => [x, y] as const),
  )
  .filter(([x, y]) => y > 0 || x > 0)
  .sort(([x, y], [u, v]) => x * x + y * y - u * u - v * v || Math.abs(x) - Math.abs(u));

/** Reads a length or distance: a prefix code and extra bits. */
export function readValue(bits: BitReader, prefix: number): number {
  if (prefix < 4) return prefix + 1;
  const extra = (prefix - 2) >> 1;
  return ((2 + (prefix & 1)) << extra) + bits.read(extra) + 1;
}

/** In pixels, of a distance code (section 3.6.2). */
export function distanceOf(value: number, width: number): number {
  const near = NEAR[value - 1];
  return near ? Math.max(1, near[0] + near[1] * width) : value - NEAR.length;
}

/** Copies `length` pixels from `back` pixels before; they repeat where the two overlap. */
export function copy(pixels: Int32Array, at: number, back: number, length: number): void {
  if (length < LONG_RUN || (back < length && back > 1)) {
    for (let end = at + length; at < end; at++) pixels[at] = pixels[at - back]!;
  } else if (back === 1) {
    pixels.fill(pixels[at - 1]!, at, at + length);
  } else {
    pixels.copyWithin(at, at - back, at - back + length);
  }
}
