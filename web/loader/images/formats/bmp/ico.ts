import { decodeDib } from "./bmp.ts";
import { readDib } from "./bmp_header.ts";
import { textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import { PNG_SIGNATURE } from "../png/png_chunks.ts";
import { checkSize } from "../size.ts";

const DIRECTORY_SIZE = 6;
const ENTRY_SIZE = 16;

/**
 * Reads the image of an icon file that Pillow's `IcoFile` does, the largest and of these the one with the fewest colours: a
 * PNG, of which the bytes are returned, or a BMP without file header, whose height includes a mask. Raises FormatError.
 */
export function imageInIcon(bytes: Bytes): Bytes | ImageData {
  const view = viewOf(bytes);
  const count = bytes.length < DIRECTORY_SIZE ? 0 : view.getUint16(4, true);
  if (!count || DIRECTORY_SIZE + count * ENTRY_SIZE > bytes.length) throw truncated(bytes, "ICO");
  const entries = Array.from({ length: count }, (_, i) => {
    const at = DIRECTORY_SIZE + i * ENTRY_SIZE;
    const [colours, bits] = [bytes[at + 2]!, view.getUint16(at + 6, true)];
    return {
      area: (bytes[at] || 256) * (bytes[at + 1] || 256),
      bits,
      depth: bits || (colours && Math.ceil(Math.log2(colours))) || 256,
      size: view.getUint32(at + 8, true),
      start: view.getUint32(at + 12, true),
    };
  });
  const { start, bits, size } = entries.sort((a, b) => b.area - a.area || a.depth - b.depth)[0]!;
  // As Pillow reads it, an image may exceed the size in the directory.
  if (textAt(bytes, start, 8) === PNG_SIGNATURE) return bytes.subarray(start);
  const dib = readDib(bytes, start);
  dib.height = Math.floor(dib.height / 2);
  checkSize(dib.width, dib.height, "ICO");
  // The mask is not needed, but Pillow refuses files without it.
  const maskSize = bits === 32 ? 0 : (Math.ceil(dib.width / 32) * 32 * dib.height) / 8;
  const maskAt = bits === 32 ? dib.end + 4 * dib.width * dib.height : start + size - maskSize;
  if (maskAt < 0 || maskAt + maskSize > bytes.length) throw truncated(bytes, "ICO");
  return decodeDib(bytes, dib, dib.end);
}
