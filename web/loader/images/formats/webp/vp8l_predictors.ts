import type { Squares } from "./vp8l_pixels.ts";

const BLACK = 0xff000000 | 0;
const LEFT = 1;
const TOP = 2;

/** Adds to each pixel its prediction from earlier ones, by the mode of its square (RFC 9649, section 3.5.1). */
export function addPredictions(
  pixels: Int32Array,
  width: number,
  { scale, columns, data }: Squares,
): void {
  const size = 1 << scale;
  pixels[0] = sum(pixels[0]!, BLACK);
  for (let at = 1; at < width; at++) pixels[at] = sum(pixels[at]!, pixels[at - 1]!);
  for (let at = width, y = 1; at < pixels.length; y++) {
    const row = at + width;
    addRun(pixels, at, at + 1, width, TOP);
    for (let square = (y >> scale) * columns; at < row; square++) {
      const end = Math.min(at + size, row);
      addRun(pixels, at % width ? at : at + 1, end, width, (data[square]! >> 8) & 15);
      at = end;
    }
  }
}

/** Adds the predictions of one mode to the pixels of a row from `at` to `end`. */
function addRun(pixels: Int32Array, at: number, end: number, width: number, mode: number): void {
  let left = at ? pixels[at - 1]! : 0;
  let corner = at > width ? pixels[at - width - 1]! : 0;
  for (; at < end; at++) {
    const top = pixels[at - width]!;
    left = sum(pixels[at]!, predict(mode, left, top, corner, pixels[at - width + 1]!));
    pixels[at] = left;
    corner = top;
  }
}

/** `right` is above to the right or, in the last column, the first pixel of the same row. */
function predict(mode: number, left: number, top: number, corner: number, right: number): number {
  switch (mode) {
    case LEFT:
      return left;
    case TOP:
      return top;
    case 3:
      return right;
    case 4:
      return corner;
    case 5:
      return average(average(left, right), top);
    case 6:
      return average(left, corner);
    case 7:
      return average(left, top);
    case 8:
      return average(corner, top);
    case 9:
      return average(top, right);
    case 10:
      return average(average(left, corner), average(top, right));
    case 11:
      return nearer(left, top, corner);
    case 12:
      return gradient(left, top, corner);
    case 13:
      return halfGradient(average(left, top), corner);
    default:
      return BLACK;
  }
}

/** Of each byte. */
function average(a: number, b: number): number {
  return (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
}

/** `left` or `top`, whichever is nearer to left + top - corner. */
function nearer(left: number, top: number, corner: number): number {
  const toLeft = distance(top, corner);
  const toTop = distance(left, corner);
  return toLeft < toTop ? left : top;
}

function distance(a: number, b: number): number {
  return (
    Math.abs((a >>> 24) - (b >>> 24)) +
    Math.abs(((a >> 16) & 255) - ((b >> 16) & 255)) +
    Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)) +
    Math.abs((a & 255) - (b & 255))
  );
}

/** left + top - corner, of each byte. */
function gradient(left: number, top: number, corner: number): number {
  let result = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const value = ((left >>> shift) & 255) + ((top >>> shift) & 255) - ((corner >>> shift) & 255);
    result |= clamped(value) << shift;
  }
  return result;
}

/** middle + (middle - corner) / 2, of each byte. */
function halfGradient(middle: number, corner: number): number {
  let result = 0;
  for (let shift = 0; shift < 32; shift += 8) {
    const value = (middle >>> shift) & 255;
    const difference = value - ((corner >>> shift) & 255);
    result |= clamped(value + ((difference + (difference >>> 31)) >> 1)) << shift;
  }
  return result;
}

function clamped(value: number): number {
  return value & ~255 ? (~value >> 31) & 255 : value;
}

/** Adds each byte modulo 256. */
export function sum(a: number, b: number): number {
  const even = (a & 0x00ff00ff) + (b & 0x00ff00ff);
  const odd = ((a >>> 8) & 0x00ff00ff) + ((b >>> 8) & 0x00ff00ff);
  return (even & 0x00ff00ff) | ((odd & 0x00ff00ff) << 8);
}
