import { concatenate, truncated, viewOf, type Bytes } from "./bytes.ts";

const DIRECTORY_SIZE = 6;
const ENTRY_SIZE = 16;
const BMP_HEADER_SIZE = 14;

/**
 * Extracts the image of an icon file that Pillow reads, the largest and of these the one with the fewest colours: a PNG, or
 * a BMP without file header, whose height includes a mask.
 */
export function imageInIcon(bytes: Bytes): Bytes {
  const view = viewOf(bytes);
  if (bytes.length < DIRECTORY_SIZE + ENTRY_SIZE) throw truncated(bytes, "ICO");
  const entries = Array.from(
    { length: view.getUint16(4, true) },
    (_, i) => DIRECTORY_SIZE + i * ENTRY_SIZE,
  )
    .filter((at) => at + ENTRY_SIZE <= bytes.length)
    .map((at) => ({
      area: (bytes[at] || 256) * (bytes[at + 1] || 256),
      depth: view.getUint16(at + 6, true) || Math.ceil(Math.log2(bytes[at + 2]!)) || 256,
      start: view.getUint32(at + 12, true),
      size: view.getUint32(at + 8, true),
    }))
    .sort((a, b) => b.area - a.area || a.depth - b.depth);
  const largest = entries[0];
  if (!largest || largest.start + largest.size > bytes.length || largest.size < 40) {
    throw truncated(bytes, "ICO");
  }
  const image = bytes.slice(largest.start, largest.start + largest.size);
  if (image[0] === 0x89) return image;
  const inner = viewOf(image);
  const [headerSize, depth] = [inner.getUint32(0, true), inner.getUint16(14, true)];
  const colours = depth <= 8 ? inner.getUint32(32, true) || 2 ** depth : 0;
  inner.setInt32(8, inner.getInt32(8, true) / 2, true);
  const header = new Uint8Array(BMP_HEADER_SIZE);
  header.set([0x42, 0x4d]);
  viewOf(header).setUint32(2, BMP_HEADER_SIZE + image.length, true);
  viewOf(header).setUint32(10, BMP_HEADER_SIZE + headerSize + 4 * colours, true);
  return concatenate([header, image]);
}
