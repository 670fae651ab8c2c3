import { decodeRle } from "./bmp_rle.ts";
import { FormatError, truncated, viewOf } from "./bytes.ts";

const RLE8 = 1;
const RLE4 = 2;
const MASKS = 3;

/** Bits of red, green and blue. */
type Masks = readonly [number, number, number];

const FIVE_BITS: Masks = [0x7c00, 0x3e0, 0x1f];
const EIGHT_BITS: Masks = [0xff0000, 0xff00, 0xff];

/** Masks of the four channels that Pillow reads; it refuses files with others. */
const KNOWN_MASKS: Record<number, readonly string[]> = {
  16: ["f800,7e0,1f", "7c00,3e0,1f"],
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

/**
 * Decodes a BMP of 16 or 32 bits per pixel, whose colours browsers round differently and in which some read alpha, or with
 * run-length encoding, which may skip pixels; undefined for other BMPs. Raises FormatError where rows are missing, which
 * browsers paint black.
 */
export function decodeBmp(bytes: Uint8Array): ImageData | undefined {
  const view = viewOf(bytes);
  if (bytes.length < 34) throw truncated(bytes, "BMP");
  const [start, headerSize] = [view.getUint32(10, true), view.getUint32(14, true)];
  if (headerSize < 40) return undefined; // OS/2
  const [width, signedHeight] = [view.getInt32(18, true), view.getInt32(22, true)];
  const [height, depth] = [Math.abs(signedHeight), view.getUint16(28, true)];
  const compression = view.getUint32(30, true);
  if (width <= 0 || height === 0 || width * height > 2 ** 28) return undefined;
  const rowAt = (y: number): number => (signedHeight > 0 ? height - 1 - y : y);
  if (compression === RLE8 || compression === RLE4) {
    return decodeRle(bytes, width, height, rowAt, compression === RLE4);
  }
  const rowSize = Math.ceil((width * depth) / 32) * 4;
  if (start + rowSize * height > bytes.length) throw truncated(bytes, "BMP");
  if (compression > MASKS || (depth !== 16 && depth !== 32)) return undefined;
  let masks = depth === 16 ? FIVE_BITS : EIGHT_BITS;
  if (compression === MASKS) masks = masksOf(view, headerSize, depth) ?? masks;
  const image = new ImageData(width, height);
  const channels = masks.map((mask) => {
    const shift = mask ? 31 - Math.clz32(mask & -mask) : 0;
    return { shift, most: mask >>> shift || 255 };
  });
  for (let y = 0, to = 0; y < height; y++) {
    const row = start + rowAt(y) * rowSize;
    for (let x = 0; x < width; x++) {
      const pixel =
        depth === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
      for (const { shift, most } of channels) {
        image.data[to++] = Math.floor((((pixel >>> shift) & most) * 255) / most);
      }
      image.data[to++] = 255;
    }
  }
  return image;
}

/** Undefined where all are zero. Raises FormatError. */
function masksOf(view: DataView, headerSize: number, depth: number): Masks | undefined {
  // Headers of version 4 and 5 contain them; older ones are followed by them, without one for alpha.
  const hasAlpha = headerSize >= 56;
  const masks = [54, 58, 62].map((at) => view.getUint32(at, true));
  const alpha = depth === 32 ? [hasAlpha ? view.getUint32(66, true) : 0] : [];
  const name = [...masks, ...alpha].map((mask) => mask.toString(16)).join();
  if (!KNOWN_MASKS[depth]?.includes(name)) {
    throw new FormatError(`The BMP file has channels in unusual places (${name}).`);
  }
  return masks.some((mask) => mask) ? (masks as unknown as Masks) : undefined;
}
