import { concatenate, textAt, truncated, viewOf, type Bytes } from "./bytes.ts";
import { exifOrientation } from "./orientation.ts";
import type { Placement } from "./placement.ts";
import { decodeVp8l } from "./vp8l.ts";

const HEADER_SIZE = 12;
const FRAME_HEADER_SIZE = 16;
const BLACK = [0, 0, 0] as const;
const ALPHA_IS_USED = 0x10;

/**
 * A WebP of just the first frame's picture, without profile and orientation. Of a lossy one the alpha goes too: it
 * is a chunk of its own (WebP container specification). In a lossless one it is part of the pixels, which are
 * decoded here then.
 */
export function plainWebp(file: Bytes): {
  bytes: Bytes;
  orientation: number;
  pixels?: ImageData;
  placement?: Placement;
} {
  const [picture, placement] = findPicture(file, HEADER_SIZE, file.length, file);
  if (!picture) throw truncated(file, "WebP");
  const header = file.slice(0, HEADER_SIZE);
  viewOf(header).setUint32(4, picture.length + 4, true);
  const bytes = concatenate([header, picture]);
  const plain = { bytes, orientation: orientationOf(file), ...(placement && { placement }) };
  const hasAlpha = textAt(picture, 0) === "VP8L" && (picture[12]! & ALPHA_IS_USED) !== 0;
  return hasAlpha ? { ...plain, pixels: decodeVp8l(picture.subarray(8)) } : plain;
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

/** A copy of the first VP8 or VP8L chunk, padded to an even size, and where an animation has it. */
function findPicture(
  bytes: Bytes,
  from: number,
  to: number,
  file: Bytes,
): [picture: Bytes | undefined, placement?: Placement] {
  const view = viewOf(bytes);
  let canvas = { width: 0, height: 0 };
  for (let at = from; at + 8 <= to;) {
    const kind = textAt(bytes, at);
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size;
    if (end > to) throw truncated(file, "WebP");
    if (kind === "VP8 " || kind === "VP8L") {
      const chunk = new Uint8Array(8 + size + (size % 2));
      chunk.set(bytes.subarray(at, end));
      return [chunk];
    }
    if (kind === "VP8X" && size >= 10) {
      canvas = { width: three(view, at + 12) + 1, height: three(view, at + 15) + 1 };
    }
    if (kind === "ANMF") {
      const [picture] = findPicture(bytes, at + 8 + FRAME_HEADER_SIZE, end, file);
      const [width, height] = [three(view, at + 14) + 1, three(view, at + 17) + 1];
      if (width === canvas.width && height === canvas.height) return [picture];
      const [left, top] = [2 * three(view, at + 8), 2 * three(view, at + 11)];
      return [picture, { ...canvas, left, top, around: BLACK }];
    }
    at = end + (size % 2);
  }
  return [undefined];
}

/** A number of three bytes. */
function three(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
}
