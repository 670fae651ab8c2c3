import { FormatError, truncated, viewOf } from "../bytes.ts";
import { checkSize } from "../size.ts";

export const RLE8 = 1;
export const RLE4 = 2;
const MASKS = 3;

/** Sizes of the headers that Pillow reads; the first is of OS/2. */
const HEADER_SIZES = [12, 40, 52, 56, 64, 108, 124];
const OS2 = 12;

/** Bits of red, green and blue. */
export type Masks = readonly [number, number, number];

const FIVE_BITS: Masks = [0x7c00, 0x3e0, 0x1f];
const EIGHT_BITS: Masks = [0xff0000, 0xff00, 0xff];

/** Masks of the channels that Pillow reads; it refuses files with others. */
const KNOWN_MASKS: Record<number, readonly string[]> = {
  16: ["f800,7e0,1f", "7c00,3e0,1f"],
  24: ["ff0000,ff00,ff"],
  32: [
    "ff0000,ff00,ff,0",
    "ff000000,ff0000,ff00,0",
    "ff000000,ff00,ff,0",
    "ff000000,ff0000,ff00,ff",
    "ff,ff00,ff0000,ff000000",
    "ff0000,ff00,ff,ff000000",
    "ff000000,ff00,ff,ff0000",
    "0,0,0,0",
  ],
};

/** A device-independent bitmap: what its header and palette say. */
export interface Dib {
  width: number;
  height: number;
  topDown: boolean;
  /** Bits per pixel in the header, which define the size of a row. */
  depth: number;
  compression: number;
  /** Bits of red, green and blue; undefined with a palette. */
  masks: Masks | undefined;
  /** RGBX of every index; undefined without a palette. */
  colours: Uint8Array | undefined;
  /** Bits per index, which differ from `depth` where Pillow takes the palette for grey or black and white. */
  indexBits: number;
  /** Position after the header and the palette. */
  end: number;
}

/** Whether a DIB header begins at `at`. */
export function isDib(bytes: Uint8Array, at: number): boolean {
  return at + 4 <= bytes.length && HEADER_SIZES.includes(viewOf(bytes).getUint32(at, true));
}

/** Reads header and palette as Pillow's `BmpImageFile._bitmap` does. Raises FormatError. */
export function readDib(bytes: Uint8Array, at: number): Dib {
  const view = viewOf(bytes);
  const headerSize = isDib(bytes, at) ? view.getUint32(at, true) : Infinity;
  if (at + headerSize > bytes.length) throw truncated(bytes, "BMP");
  const os2 = headerSize === OS2;
  const topDown = !os2 && bytes[at + 11] === 0xff;
  const width = os2 ? view.getUint16(at + 4, true) : view.getUint32(at + 4, true);
  const signed = os2 ? view.getUint16(at + 6, true) : view.getUint32(at + 8, true);
  const height = topDown ? 2 ** 32 - signed : signed;
  checkSize(width, height, "BMP");
  const depth = view.getUint16(at + (os2 ? 10 : 14), true);
  const compression = os2 ? 0 : view.getUint32(at + 16, true);
  const dib = { width, height, topDown, depth, compression };
  let end = at + headerSize;
  if (![1, 4, 8, 16, 24, 32].includes(depth) || compression > MASKS) throw unsupported(dib);
  if (depth > 8) {
    if (compression === RLE8 || compression === RLE4) throw unsupported(dib);
    let masks: Masks | undefined;
    if (compression === MASKS) {
      masks = masksOf(bytes, at, headerSize, depth);
      if (headerSize < 52) end += 12;
    }
    masks ??= depth === 16 ? FIVE_BITS : EIGHT_BITS;
    return { ...dib, masks, colours: undefined, indexBits: depth, end };
  }
  if (compression === MASKS) throw unsupported(dib);
  const count = (os2 ? 0 : view.getUint32(at + 32, true)) || 2 ** depth;
  const palette = bytes.subarray(end, end + count * (os2 ? 3 : 4));
  return {
    ...dib,
    masks: undefined,
    ...coloursOf(palette, count, os2 ? 3 : 4, dib),
    end: end + palette.length,
  };
}

/** Pillow drops a palette that is a ramp of greys, or black and white, and then reads indices of 8 bits, or of 1. */
function coloursOf(
  palette: Uint8Array,
  count: number,
  size: number,
  dib: { depth: number; compression: number },
): { colours: Uint8Array; indexBits: number } {
  const colours = new Uint8Array(4 * 256);
  let ramp = count <= 2 ** 16;
  for (let i = 0; i < count && ramp; i++) {
    const grey = count === 2 ? i * 255 : i & 255;
    for (let c = 0; c < 3; c++) ramp &&= palette[i * size + c] === grey;
  }
  if (ramp) {
    for (let i = 0; i < 256; i++) colours.fill(count > 2 ? i : i && 255, 4 * i, 4 * i + 3);
    return { colours, indexBits: count > 2 ? 8 : 1 };
  }
  if (count > 2 ** 16 || palette.length >= 257 * size) throw unsupported(dib);
  for (let i = 0; (i + 1) * size <= palette.length; i++) {
    for (let c = 0; c < 3; c++) colours[4 * i + c] = palette[i * size + 2 - c]!;
  }
  return { colours, indexBits: dib.depth };
}

/** Undefined where all are zero. Raises FormatError. */
function masksOf(
  bytes: Uint8Array,
  at: number,
  headerSize: number,
  depth: number,
): Masks | undefined {
  // Headers from version 2 on contain them; older ones are followed by them, without one for alpha.
  const hasAlpha = headerSize >= 56;
  if (at + 40 + (hasAlpha ? 16 : 12) > bytes.length) throw truncated(bytes, "BMP");
  const view = viewOf(bytes);
  const masks = [40, 44, 48].map((offset) => view.getUint32(at + offset, true));
  const alpha = depth === 32 ? [hasAlpha ? view.getUint32(at + 52, true) : 0] : [];
  const name = [...masks, ...alpha].map((mask) => mask.toString(16)).join();
  if (!KNOWN_MASKS[depth]!.includes(name)) {
    throw new FormatError(`The BMP file has channels in unusual places (${name}).`);
  }
  return masks.some((mask) => mask) ? (masks as unknown as Masks) : undefined;
}

function unsupported({ depth, compression }: { depth: number; compression: number }): FormatError {
  return new FormatError(
    `The BMP file is damaged or of an unknown kind (${depth} bits, compression ${compression}).`,
  );
}
