import { FormatError, textAt, truncated, viewOf, type Bytes } from "./bytes.ts";

export const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";
const SIGNATURE_SIZE = 8;

export interface Chunk {
  kind: string;
  content: Bytes;
}

/**
 * The chunks of a PNG up to IEND. Raises FormatError as Pillow does: for a wrong checksum before the pixels, whose own
 * checksums are not checked, and for truncated pixels; a missing IEND is accepted.
 */
export function* chunksOf(bytes: Bytes): Generator<Chunk> {
  const view = viewOf(bytes);
  let inPixels = false;
  for (let start = SIGNATURE_SIZE; ;) {
    if (inPixels && start + 8 > bytes.length) return;
    if (start + 12 > bytes.length) throw truncated(bytes, "PNG");
    const kind = textAt(bytes, start + 4);
    const end = start + 8 + view.getUint32(start);
    inPixels ||= kind === "IDAT";
    if (kind === "IEND") return;
    if (end + 4 > bytes.length) {
      if (inPixels && kind !== "IDAT") return;
      throw truncated(bytes, "PNG");
    }
    if (!inPixels && view.getUint32(end) !== checksum(bytes.subarray(start + 4, end))) {
      throw new FormatError(`The PNG file is damaged: the checksum of its ${kind} chunk is wrong.`);
    }
    yield { kind, content: bytes.subarray(start + 8, end) };
    start = end + 4;
  }
}

/** Content of the first chunk of a kind. */
export function contentOf(bytes: Bytes, wanted: string): Bytes | undefined {
  return [...chunksOf(bytes)].find(({ kind }) => kind === wanted)?.content;
}

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 (PNG specification, annex D). */
function checksum(bytes: Uint8Array): number {
  let value = -1;
  for (const byte of bytes) value = REMAINDERS[(value ^ byte) & 255]! ^ (value >>> 8);
  return ~value >>> 0;
}
