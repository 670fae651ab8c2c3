import { BitReader } from "./bit_reader.ts";
import { FormatError } from "./bytes.ts";
import { readImage } from "./vp8l_pixels.ts";
import { readTransform, type Transform } from "./vp8l_transforms.ts";

const SIGNATURE = 0x2f;

/**
 * Decodes a VP8L chunk, a lossless WebP (RFC 9649, section 3), and drops its alpha. Takes the memory of the pixels once, as
 * a file of 40 bytes may declare 13,000 × 13,000 of them. Raises FormatError.
 */
export function decodeVp8l(content: Uint8Array): ImageData {
  const bits = new BitReader(content);
  const signature = bits.read(8);
  const [width, height] = [bits.read(14) + 1, bits.read(14) + 1];
  bits.read(1); // whether alpha is used
  if (signature !== SIGNATURE || bits.read(3) !== 0) {
    throw new FormatError("The lossless WebP file's header is damaged.");
  }
  return readStream(bits, width, height);
}

function readStream(bits: BitReader, width: number, height: number): ImageData {
  const transforms: Transform[] = [];
  let storedWidth = width;
  while (bits.read(1)) {
    const transform = readTransform(bits, storedWidth, height);
    if (transforms.some(({ kind }) => kind === transform.kind)) throw bits.damaged();
    transforms.push(transform);
    storedWidth = transform.storedWidth;
  }
  const image = new ImageData(width, height);
  const all = new Int32Array(image.data.buffer);
  readImage(all.subarray(all.length - storedWidth * height), bits, storedWidth, height);
  for (const transform of transforms.reverse()) {
    transform.undo(all.subarray(all.length - transform.width * height));
  }
  for (let i = 0; i < all.length; i++) {
    const pixel = all[i]!; // ARGB, in memory BGRA
    all[i] = 0xff000000 | ((pixel & 255) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 255);
  }
  return image;
}
