import type { BitReader } from "../compressed/bit_reader.ts";
import { readPixels, readSquares, type Squares } from "./vp8l_pixels.ts";
import { addPredictions, sum } from "./vp8l_predictors.ts";

/** A transform that the encoder applied (RFC 9649, section 3.5). */
export interface Transform {
  kind: number;
  width: number;
  /** The width after the transform, smaller where a pixel packs several palette indices. */
  storedWidth: number;
  /** Changes `pixels` in place; there are enough for `width`, and the stored ones are the last of them. */
  undo: (pixels: Int32Array) => void;
}

const PREDICTOR = 0;
const COLOUR = 1;
const SUBTRACT_GREEN = 2;

export function readTransform(bits: BitReader, width: number, height: number): Transform {
  const kind = bits.read(2);
  if (kind === SUBTRACT_GREEN) return { kind, width, storedWidth: width, undo: addGreen };
  if (kind === PREDICTOR || kind === COLOUR) {
    const squares = readSquares(bits, width, height);
    const undo = kind === PREDICTOR ? addPredictions : addColours;
    return {
      kind,
      width,
      storedWidth: width,
      undo: (pixels) => {
        undo(pixels, width, squares);
      },
    };
  }
  const colours = readPixels(bits, bits.read(8) + 1, 1);
  for (let i = 1; i < colours.length; i++) colours[i] = sum(colours[i]!, colours[i - 1]!);
  const packed = [16, 4, 2].filter((max) => colours.length <= max).length;
  const palette = new Int32Array(256);
  palette.set(colours); // indices above are transparent black
  return {
    kind,
    width,
    storedWidth: Math.ceil(width / 2 ** packed),
    undo: (pixels) => {
      lookUp(pixels, width, height, palette, packed);
    },
  };
}

function addGreen(pixels: Int32Array): void {
  for (let at = 0; at < pixels.length; at++) {
    const pixel = pixels[at]!;
    const others = (pixel & 0x00ff00ff) + ((pixel >> 8) & 255) * 0x00010001;
    pixels[at] = (pixel & 0xff00ff00) | (others & 0x00ff00ff);
  }
}

function lookUp(
  pixels: Int32Array,
  width: number,
  height: number,
  palette: Int32Array,
  packed: number,
): void {
  const storedWidth = Math.ceil(width / 2 ** packed);
  const depth = 8 >> packed;
  const [inByte, mask] = [(1 << packed) - 1, (1 << depth) - 1];
  // The stored pixels end where the others will, so that none is overwritten before it is read.
  let from = pixels.length - storedWidth * height;
  for (let y = 0, to = 0; y < height; y++, from += storedWidth) {
    for (let x = 0; x < width; x++, to++) {
      const green = (pixels[from + (x >> packed)]! >> 8) & 255;
      pixels[to] = palette[(green >> (depth * (x & inByte))) & mask]!;
    }
  }
}

function addColours(pixels: Int32Array, width: number, { scale, columns, data }: Squares): void {
  const size = 1 << scale;
  for (let at = 0, y = 0; at < pixels.length; y++) {
    for (let square = (y >> scale) * columns, row = at + width; at < row; square++) {
      const by = data[square]!;
      const [greenToRed, greenToBlue, redToBlue] = [by << 24, by << 16, by << 8].map(
        (shifted) => shifted >> 24,
      ) as [number, number, number];
      for (const end = Math.min(at + size, row); at < end; at++) {
        const pixel = pixels[at]!;
        const green = (pixel << 16) >> 24;
        const red = (pixel >> 16) + ((greenToRed * green) >> 5);
        const blue =
          pixel + ((greenToBlue * green) >> 5) + ((redToBlue * ((red << 24) >> 24)) >> 5);
        pixels[at] = (pixel & 0xff00ff00) | ((red & 255) << 16) | (blue & 255);
      }
    }
  }
}
