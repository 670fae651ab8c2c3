import { BitReader } from "../compressed/bit_reader.ts";
import { readImage } from "./vp8l_pixels.ts";
import { readTransform, type Transform } from "./vp8l_transforms.ts";

const HEADER_BITS = 40;

/**
 * Decodes a VP8L bitstream, a lossless WebP (RFC 9649, section 3), of the size in its header, and drops its alpha. Takes the
 * memory of the pixels once, as a file of 40 bytes may declare 13,000 × 13,000 of them. Raises FormatError.
 */
export function decodeVp8l(bitstream: Uint8Array, width: number, height: number): ImageData {
  const image = new ImageData(width, height);
  const pixels = new Int32Array(image.data.buffer);
  const bits = new BitReader(bitstream);
  bits.at = HEADER_BITS;
  const transforms = readStream(bits, width, height, pixels);
  for (const transform of transforms.reverse()) {
    transform.undo(pixels.subarray(pixels.length - transform.width * height));
  }
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i]!; // ARGB, in memory BGRA
    pixels[i] = 0xff000000 | ((pixel & 255) << 16) | (pixel & 0xff00) | ((pixel >> 16) & 255);
  }
  return image;
}

/** Reads the stream behind the header, and discards its pixels. Raises FormatError. */
export function checkStream(stream: Uint8Array, width: number, height: number): void {
  readStream(new BitReader(stream), width, height, new Int32Array(width * height));
}

/** Reads the transforms, and the stored pixels into the end of `pixels`. */
function readStream(
  bits: BitReader,
  width: number,
  height: number,
  pixels: Int32Array,
): Transform[] {
  const transforms: Transform[] = [];
  while (bits.read(1)) {
    const transform = readTransform(bits, width, height);
    if (transforms.some(({ kind }) => kind === transform.kind)) throw bits.damaged();
    transforms.push(transform);
    width = transform.storedWidth;
  }
  readImage(pixels.subarray(pixels.length - width * height), bits, width, height);
  return transforms;
}
