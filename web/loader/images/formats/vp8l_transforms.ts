import type { BitReader } from "./prefix_code.ts";

/** A transform that the encoder applied (RFC 9649, section 3.5). */
export interface Transform {
  kind: number;
  /** The width after the transform. */
  storedWidth: number;
  undo: (pixels: Uint32Array) => Uint32Array;
}

type ReadPixels = (bits: BitReader, width: number, height: number) => Uint32Array;

const PREDICTOR = 0;
const COLOUR = 1;
const SUBTRACT_GREEN = 2;

export function readTransform(
  bits: BitReader,
  width: number,
  height: number,
  readPixels: ReadPixels,
): Transform {
  const kind = bits.read(2);
  if (kind === SUBTRACT_GREEN) return { kind, storedWidth: width, undo: addGreen };
  if (kind === PREDICTOR || kind === COLOUR) {
    const scale = bits.read(3) + 2;
    const columns = Math.ceil(width / 2 ** scale);
    const squares = readPixels(bits, columns, Math.ceil(height / 2 ** scale));
    const square = (x: number, y: number): number =>
      squares[(y >> scale) * columns + (x >> scale)]!;
    const undo = kind === PREDICTOR ? addPredictions : addColours;
    return { kind, storedWidth: width, undo: (pixels) => undo(pixels, width, square) };
  }
  const colours = readPixels(bits, bits.read(8) + 1, 1);
  for (let i = 1; i < colours.length; i++) colours[i] = sum(colours[i]!, colours[i - 1]!);
  const packed = [16, 4, 2].filter((max) => colours.length <= max).length;
  const storedWidth = Math.ceil(width / 2 ** packed);
  return { kind, storedWidth, undo: (pixels) => lookUp(pixels, width, height, colours, packed) };
}

function addGreen(pixels: Uint32Array): Uint32Array {
  return pixels.map((pixel) => sum(pixel, ((pixel >> 8) & 255) * 0x00010001));
}

/** Adds each byte modulo 256. */
function sum(a: number, b: number): number {
  const even = (a & 0x00ff00ff) + (b & 0x00ff00ff);
  const odd = ((a >>> 8) & 0x00ff00ff) + ((b >>> 8) & 0x00ff00ff);
  return (even & 0x00ff00ff) | ((odd & 0x00ff00ff) << 8);
}

function lookUp(
  pixels: Uint32Array,
  width: number,
  height: number,
  colours: Uint32Array,
  packed: number,
): Uint32Array {
  const storedWidth = Math.ceil(width / 2 ** packed);
  const depth = 8 >> packed;
  const out = new Uint32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      const green = (pixels[y * storedWidth + (x >> packed)]! >> 8) & 255;
      const place = depth * (x & (2 ** packed - 1));
      out[to] = colours[(green >> place) & (2 ** depth - 1)] ?? 0;
    }
  }
  return out;
}

type Square = (x: number, y: number) => number;

function addColours(pixels: Uint32Array, width: number, square: Square): Uint32Array {
  return pixels.map((pixel, at) => {
    const by = square(at % width, Math.floor(at / width));
    const green = pixel >> 8;
    const red = ((pixel >> 16) + share(by, green)) & 255;
    const blue = (pixel + share(by >> 8, green) + share(by >> 16, red)) & 255;
    return (pixel & 0xff00ff00) | (red << 16) | blue;
  });
}

/** Product of two signed bytes, in 3.5 fixed point. */
function share(factor: number, value: number): number {
  return (((factor << 24) >> 24) * ((value << 24) >> 24)) >> 5;
}

const BLACK = 0xff000000;

/** Modifies `pixels` in place. */
function addPredictions(pixels: Uint32Array, width: number, square: Square): Uint32Array {
  for (let at = 0, y = 0; at < pixels.length; y++) {
    for (let x = 0; x < width; x++, at++) {
      let guess = BLACK;
      if (x && y) guess = predict((square(x, y) >> 8) & 15, pixels, at, width);
      else if (x) guess = pixels[at - 1]!;
      else if (y) guess = pixels[at - width]!;
      pixels[at] = sum(pixels[at]!, guess);
    }
  }
  return pixels;
}

function predict(mode: number, pixels: Uint32Array, at: number, width: number): number {
  const left = pixels[at - 1]!;
  const top = pixels[at - width]!;
  const corner = pixels[at - width - 1]!;
  const right = pixels[at - width + 1]!; // in the last column, the first pixel of the same row
  switch (mode) {
    case 1:
      return left;
    case 2:
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
      return byChannel((shift) => at8(left, shift) + at8(top, shift) - at8(corner, shift));
    case 13: {
      const middle = average(left, top);
      return byChannel((shift) => {
        const value = at8(middle, shift);
        return value + Math.trunc((value - at8(corner, shift)) / 2);
      });
    }
    default:
      return BLACK;
  }
}

function average(a: number, b: number): number {
  return (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
}

/** `left` or `top`, whichever is nearer to left + top - corner. */
function nearer(left: number, top: number, corner: number): number {
  let [toLeft, toTop] = [0, 0];
  for (const shift of [0, 8, 16, 24]) {
    toLeft += Math.abs(at8(top, shift) - at8(corner, shift));
    toTop += Math.abs(at8(left, shift) - at8(corner, shift));
  }
  return toLeft < toTop ? left : top;
}

function at8(pixel: number, shift: number): number {
  return (pixel >>> shift) & 255;
}

function byChannel(value: (shift: number) => number): number {
  let result = 0;
  for (const shift of [0, 8, 16, 24]) result |= Math.max(0, Math.min(255, value(shift))) << shift;
  return result;
}
