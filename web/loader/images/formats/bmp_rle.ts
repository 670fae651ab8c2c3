import { truncated, viewOf } from "./bytes.ts";

const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const SKIP = 2;

/** Decodes run-length encoding of 8 or, if `halves`, 4 bits per pixel; skipped pixels get the first colour. */
export function decodeRle(
  bytes: Uint8Array,
  width: number,
  height: number,
  rowAt: (y: number) => number,
  halves: boolean,
): ImageData {
  const view = viewOf(bytes);
  const indices = expand(bytes, view.getUint32(10, true), width, height, halves);
  const paletteAt = 14 + view.getUint32(14, true);
  const image = new ImageData(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const at = paletteAt + 4 * indices[rowAt(y) * width + x]!;
      image.data[to] = bytes[at + 2]!;
      image.data[to + 1] = bytes[at + 1]!;
      image.data[to + 2] = bytes[at]!;
      image.data[to + 3] = 255;
    }
  }
  return image;
}

/** Palette indices, as Pillow reads them: runs end at the end of their row, literal pixels continue in the next. */
function expand(
  bytes: Uint8Array,
  start: number,
  width: number,
  height: number,
  halves: boolean,
): Uint8Array {
  const indices = new Uint8Array(width * height);
  const put = (to: number, value: number, i: number): void => {
    indices[to] = halves ? (i % 2 ? value & 15 : value >> 4) : value;
  };
  let [at, to, x] = [start, 0, 0];
  while (to < indices.length) {
    const [count, value] = [bytes[at], bytes[at + 1]];
    if (count === undefined || value === undefined) throw truncated(bytes, "BMP");
    at += 2;
    if (count) {
      const run = Math.max(0, Math.min(count, width - x));
      for (let i = 0; i < run; i++) put(to++, value, i);
      x += run;
    } else if (value === END_OF_LINE) {
      to = Math.ceil(to / width) * width;
      x = 0;
    } else if (value === END_OF_BITMAP) {
      throw truncated(bytes, "BMP");
    } else if (value === SKIP) {
      to += bytes[at]! + bytes[at + 1]! * width;
      x = to % width;
      at += 2;
    } else {
      const literal = Math.min(value, indices.length - to);
      for (let i = 0; i < literal; i++) put(to++, bytes[at + (halves ? i >> 1 : i)]!, i);
      at += halves ? (literal + 1) >> 1 : literal;
      if (at > bytes.length) throw truncated(bytes, "BMP");
      x += value;
      at += at % 2;
    }
  }
  return indices;
}
