import { concatenate, textAt, truncated, viewOf, type Bytes } from "./bytes.ts";
import { exifOrientation } from "./orientation.ts";

const HEADER_SIZE = 12;
const FRAME_HEADER_SIZE = 16;
const ALPHA_IS_USED = 0x10;

/**
 * A WebP of just the first frame's picture, without profile and orientation. Of a lossy one the alpha goes too: it
 * is a chunk of its own. In a lossless one it is part of the pixels (WebP container and lossless specifications).
 */
export function plainWebp(file: Bytes): {
  bytes: Bytes;
  orientation: number;
  hasAlpha: boolean;
} {
  const picture = findPicture(file, HEADER_SIZE, file.length, file);
  if (!picture) throw truncated(file, "WebP");
  const header = file.slice(0, HEADER_SIZE);
  viewOf(header).setUint32(4, picture.length + 4, true);
  const hasAlpha = textAt(picture, 0) === "VP8L" && (picture[12]! & ALPHA_IS_USED) !== 0;
  return { bytes: concatenate([header, picture]), orientation: orientationOf(file), hasAlpha };
}

/** The orientation of the EXIF chunk, which stands behind the picture; 1 where there is none. */
function orientationOf(file: Bytes): number {
  const view = viewOf(file);
  for (let at = HEADER_SIZE; at + 8 <= file.length;) {
    const size = view.getUint32(at + 4, true);
    if (textAt(file, at) === "EXIF") return exifOrientation(file.subarray(at + 8, at + 8 + size));
    at += 8 + size + (size % 2);
  }
  return 1;
}

/** A copy of the first VP8 or VP8L chunk, padded to an even size. */
function findPicture(bytes: Bytes, from: number, to: number, file: Bytes): Bytes | undefined {
  const view = viewOf(bytes);
  for (let at = from; at + 8 <= to;) {
    const kind = textAt(bytes, at);
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size;
    if (end > to) throw truncated(file, "WebP");
    if (kind === "VP8 " || kind === "VP8L") {
      const chunk = new Uint8Array(8 + size + (size % 2));
      chunk.set(bytes.subarray(at, end));
      return chunk;
    }
    if (kind === "ANMF") return findPicture(bytes, at + 8 + FRAME_HEADER_SIZE, end, file);
    at = end + (size % 2);
  }
  return undefined;
}
