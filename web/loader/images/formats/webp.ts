import { concatenate, textAt, truncated, viewOf, type Bytes } from "./bytes.ts";
import { orientationOf, type Metadata } from "./orientation.ts";
import type { Placement } from "./placement.ts";
import { decodeVp8l } from "./vp8l.ts";

const HEADER_SIZE = 12;
const FRAME_HEADER_SIZE = 16;
const BLACK = [0, 0, 0] as const;
const ALPHA_IS_USED = 0x10;
const HAS_EXIF = 0x08;
const HAS_XMP = 0x04;

/**
 * Reduces a WebP to the bitstream of its first frame, without profile, orientation and the alpha chunk of lossy images
 * (WebP container specification). A lossless image with alpha, which is part of its pixels, is decoded here.
 */
export function prepareWebp(file: Bytes): {
  bytes: Bytes;
  orientation: number;
  pixels?: ImageData;
  placement?: Placement;
} {
  const [bitstream, placement] = findBitstream(file, HEADER_SIZE, file.length, file);
  if (!bitstream) throw truncated(file, "WebP");
  const header = file.slice(0, HEADER_SIZE);
  viewOf(header).setUint32(4, bitstream.length + 4, true);
  const bytes = concatenate([header, bitstream]);
  const prepared = { bytes, orientation: webpOrientation(file), ...(placement && { placement }) };
  const hasAlpha = textAt(bitstream, 0) === "VP8L" && (bitstream[12]! & ALPHA_IS_USED) !== 0;
  return hasAlpha ? { ...prepared, pixels: decodeVp8l(bitstream.subarray(8)) } : prepared;
}

/** The orientation in the EXIF or XMP chunk, of which the VP8X chunk has flags; 1 if there is none. */
function webpOrientation(file: Bytes): number {
  const view = viewOf(file);
  const metadata: Metadata = {};
  const flags = textAt(file, HEADER_SIZE) === "VP8X" ? file[HEADER_SIZE + 8]! : 0;
  for (let at = HEADER_SIZE; at + 8 <= file.length;) {
    const [kind, size] = [textAt(file, at), view.getUint32(at + 4, true)];
    const content = file.subarray(at + 8, at + 8 + size);
    if (kind === "EXIF" && flags & HAS_EXIF) metadata.exif ??= content;
    if (kind === "XMP " && flags & HAS_XMP) metadata.xmp ??= content;
    at += 8 + size + (size % 2);
  }
  return orientationOf(metadata);
}

/** A copy of the first VP8 or VP8L chunk, padded to an even size, and its position in an animation. */
function findBitstream(
  bytes: Bytes,
  from: number,
  to: number,
  file: Bytes,
): [bitstream: Bytes | undefined, placement?: Placement] {
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
      canvas = { width: uint24(view, at + 12) + 1, height: uint24(view, at + 15) + 1 };
    }
    if (kind === "ANMF") {
      const [bitstream] = findBitstream(bytes, at + 8 + FRAME_HEADER_SIZE, end, file);
      const [width, height] = [uint24(view, at + 14) + 1, uint24(view, at + 17) + 1];
      if (width === canvas.width && height === canvas.height) return [bitstream];
      const [left, top] = [2 * uint24(view, at + 8), 2 * uint24(view, at + 11)];
      return [bitstream, { ...canvas, left, top, background: BLACK }];
    }
    at = end + (size % 2);
  }
  return [undefined];
}

/** A 24-bit number. */
function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
}
