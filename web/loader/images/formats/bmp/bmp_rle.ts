import { RLE4, type Dib } from "./bmp_header.ts";
import { truncated } from "../bytes.ts";

const END_OF_LINE = 0;
const END_OF_BITMAP = 1;
const SKIP = 2;

/**
 * The indices of a run-length encoded DIB, a byte each, as Pillow's `BmpRleDecoder` reads them: runs end at the end of their
 * row, literal pixels continue in the next, skipped ones are 0. Raises FormatError where pixels are missing.
 */
export function expandRle(
  bytes: Uint8Array,
  start: number,
  { width, height, compression }: Dib,
): Uint8Array {
  const halves = compression === RLE4;
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
      if (at + 2 > bytes.length) throw truncated(bytes, "BMP");
      to = Math.min(indices.length, to + bytes[at]! + bytes[at + 1]! * width);
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
