import { FormatError, textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import { PngInfo } from "./png_header.ts";

export const PNG_SIGNATURE = "\x89PNG\r\n\x1a\n";

/** Largest piece that Pillow reads at once: `ImageFile.MAXBLOCK`. */
const MAX_READ = 2 ** 16;

/** The compressed pixels of a PNG. */
export interface PixelData {
  /** In the pieces that Pillow passes to zlib. */
  pieces: Bytes[];
  /** Of each piece: position after its chunk's content. */
  ends: number[];
  /** Whether the file ends within them. */
  cut: boolean;
}

/** Reads the chunks before the pixels, of which the checksums count, and finds the pixels. Raises FormatError. */
export function readChunks(bytes: Bytes): { info: PngInfo; pixels: PixelData } {
  const info = new PngInfo();
  const view = viewOf(bytes);
  for (let start = PNG_SIGNATURE.length; ;) {
    const chunk = chunkAt(bytes, start);
    if (!chunk || chunk.kind === "IEND") throw truncated(bytes, "PNG");
    const { kind, content, end } = chunk;
    if (kind === "fdAT") info.read(kind, content);
    if (kind === "IDAT" || kind === "fdAT") return { info, pixels: findPixels(bytes, start) };
    if (end + 4 > bytes.length) throw truncated(bytes, "PNG");
    info.read(kind, content);
    if (view.getUint32(end) !== checksum(bytes.subarray(start + 4, end))) {
      throw new FormatError(`The PNG file is damaged: the checksum of its ${kind} chunk is wrong.`);
    }
    start = end + 4;
  }
}

/** Reads the chunks after the pixels, as Pillow's `PngImageFile.load_end` does. Raises FormatError. */
export function readLateChunks(bytes: Bytes, end: number, info: PngInfo): void {
  const { animated } = info; // whatever late chunks say
  for (let start = end + 4; ;) {
    const chunk = chunkAt(bytes, start);
    if (!chunk || chunk.kind === "IEND" || (chunk.kind === "fcTL" && animated)) return;
    if (chunk.end > bytes.length) throw truncated(bytes, "PNG");
    info.read(chunk.kind, chunk.content);
    start = chunk.end + 4;
  }
}

function findPixels(bytes: Bytes, first: number): PixelData {
  const found: PixelData = { pieces: [], ends: [], cut: false };
  for (let start = first; ;) {
    const chunk = chunkAt(bytes, start);
    if (!chunk || !["IDAT", "DDAT", "fdAT"].includes(chunk.kind)) return found;
    const content = chunk.kind === "fdAT" ? chunk.content.subarray(4) : chunk.content;
    for (let at = 0; at < content.length; at += MAX_READ) {
      found.pieces.push(content.subarray(at, at + MAX_READ));
      found.ends.push(chunk.end);
    }
    found.cut = chunk.end > bytes.length;
    start = chunk.end + 4;
  }
}

/** The chunk at `start`, its content possibly cut short; undefined where none begins. */
function chunkAt(
  bytes: Bytes,
  start: number,
): { kind: string; content: Bytes; end: number } | undefined {
  if (start + 8 > bytes.length) return undefined;
  const kind = textAt(bytes, start + 4);
  if (!/^\w{4}$/.test(kind)) return undefined;
  const end = start + 8 + viewOf(bytes).getUint32(start);
  return { kind, content: bytes.subarray(start + 8, end), end };
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
