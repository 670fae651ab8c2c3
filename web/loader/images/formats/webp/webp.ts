import { concatenate, truncated, viewOf, type Bytes } from "../bytes.ts";
import { orientationOf } from "../orientation.ts";
import type { Placement } from "../placement.ts";
import { checkSize } from "../size.ts";
import { decodeVp8l } from "./vp8l.ts";
import { isValidAlpha } from "./webp_alpha.ts";
import { readWebp } from "./webp_container.ts";

const BLACK = [0, 0, 0] as const;
const HEADERS_SIZE = 20;

/**
 * Reduces a lossy WebP to the bitstream of its first frame, without profile, orientation and alpha (RFC 9649). A lossless
 * one is decoded here: browsers multiply its colours by its alpha, of which its header's flag is but a hint. Raises
 * FormatError for files that Pillow refuses.
 */
export function prepareWebp(file: Bytes): {
  bytes: Bytes;
  orientation: number;
  size?: { width: number; height: number };
  pixels?: ImageData;
  placement?: Placement;
} {
  const { width, height, frame, metadata } = readWebp(file);
  checkSize(width, height, "WebP");
  if (frame.alpha && !isValidAlpha(frame.alpha, frame.width, frame.height)) {
    throw truncated(file, "WebP");
  }
  const { left, top } = frame;
  const isWhole = frame.width === width && frame.height === height;
  const position = {
    orientation: orientationOf(metadata),
    ...(!isWhole && { placement: { width, height, left, top, background: BLACK } }),
  };
  if (frame.kind === "VP8L") {
    return {
      bytes: file,
      pixels: decodeVp8l(frame.bitstream, frame.width, frame.height),
      ...position,
    };
  }
  const size = { width: frame.width, height: frame.height };
  return { bytes: simpleWebp(frame.bitstream), size, ...position };
}

/** A file of one lossy bitstream. */
function simpleWebp(bitstream: Bytes): Bytes {
  const headers = Uint8Array.from("RIFF....WEBPVP8 ....", (letter) => letter.charCodeAt(0));
  viewOf(headers).setUint32(4, HEADERS_SIZE - 8 + bitstream.length, true);
  viewOf(headers).setUint32(16, bitstream.length, true);
  return concatenate([headers, bitstream]);
}
