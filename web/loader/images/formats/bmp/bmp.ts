import { readDib, RLE4, RLE8, type Dib } from "./bmp_header.ts";
import { expandRle } from "./bmp_rle.ts";
import { truncated, viewOf } from "../bytes.ts";

const FILE_HEADER_SIZE = 14;

/**
 * Decodes a BMP as Pillow does. Browsers round the colours of 16 bits differently, some read alpha, paint missing rows
 * black, and take other sizes of palettes. Raises FormatError.
 */
export function decodeBmp(bytes: Uint8Array): ImageData {
  if (bytes.length < FILE_HEADER_SIZE + 4) throw truncated(bytes, "BMP");
  const view = viewOf(bytes);
  const dib = readDib(bytes, FILE_HEADER_SIZE);
  let start = view.getUint32(10, true);
  // Some writers forget the palette.
  const headerEnd = FILE_HEADER_SIZE + view.getUint32(FILE_HEADER_SIZE, true);
  if (start === headerEnd && dib.colours) start = dib.end;
  return decodeDib(bytes, dib, start || dib.end);
}

/** Decodes a BMP without file header. Raises FormatError. */
export function decodeDibFile(bytes: Uint8Array): ImageData {
  const dib = readDib(bytes, 0);
  return decodeDib(bytes, dib, dib.end);
}

/** Decodes the pixels at `start`. Raises FormatError. */
export function decodeDib(bytes: Uint8Array, dib: Dib, start: number): ImageData {
  const { width, height, topDown, depth, compression } = dib;
  const runs = compression === RLE8 || compression === RLE4;
  const source = runs ? expandRle(bytes, start, dib) : bytes;
  const first = runs ? 0 : start;
  const rowBits = width * (runs ? 8 : dib.indexBits);
  const rowSize = runs ? width : ((width * depth + 31) >> 3) & ~3;
  // The last row need not be padded.
  const contentSize = Math.ceil(rowBits / 8);
  const size = first + rowSize * (height - 1) + contentSize;
  if (contentSize > rowSize || size > source.length) throw truncated(bytes, "BMP");
  const image = new ImageData(width, height);
  const readRow = dib.colours
    ? indexedRow(source, dib.colours, runs ? 8 : dib.indexBits)
    : directRow(source, dib);
  for (let y = 0; y < height; y++) {
    const row = topDown ? y : height - 1 - y;
    readRow(first + row * rowSize, image.data.subarray(4 * y * width, 4 * (y + 1) * width));
  }
  return image;
}

/** Writes the row at `start` as RGBA. */
type ReadRow = (start: number, to: Uint8ClampedArray) => void;

function indexedRow(source: Uint8Array, colours: Uint8Array, bits: number): ReadRow {
  const mask = 2 ** bits - 1;
  return (start, to) => {
    for (let at = 0, bit = 0; at < to.length; at += 4, bit += bits) {
      const index = (source[start + (bit >> 3)]! >> (8 - bits - (bit & 7))) & mask;
      for (let c = 0; c < 3; c++) to[at + c] = colours[4 * index + c]!;
      to[at + 3] = 255;
    }
  };
}

function directRow(source: Uint8Array, { masks, depth }: Dib): ReadRow {
  const channels = masks!.map((mask) => {
    const shift = 31 - Math.clz32(mask & -mask);
    return { shift, most: mask >>> shift };
  });
  if (depth > 16) {
    const [red, green, blue] = channels.map(({ shift }) => shift / 8) as [number, number, number];
    return (start, to) => {
      for (let at = 0, from = start; at < to.length; at += 4, from += depth / 8) {
        to[at] = source[from + red]!;
        to[at + 1] = source[from + green]!;
        to[at + 2] = source[from + blue]!;
        to[at + 3] = 255;
      }
    };
  }
  return (start, to) => {
    for (let at = 0, from = start; at < to.length; from += 2) {
      const pixel = source[from]! | (source[from + 1]! << 8);
      for (const { shift, most } of channels) {
        to[at++] = Math.floor((((pixel >> shift) & most) * 255) / most);
      }
      to[at++] = 255;
    }
  };
}
