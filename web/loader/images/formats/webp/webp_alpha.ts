import type { Bytes } from "../bytes.ts";
import { checkStream } from "./vp8l.ts";

const HEADER_SIZE = 1;
const UNCOMPRESSED = 0;
const LOSSLESS = 1;

/**
 * Whether libwebp can decode this ALPH chunk (RFC 9649, section 2.7.1.2): it refuses a frame whose alpha is damaged, though
 * `convert("RGB")` drops that. May raise FormatError instead.
 */
export function isValidAlpha(alpha: Bytes, width: number, height: number): boolean {
  if (alpha.length <= HEADER_SIZE) return false;
  const [header] = alpha as unknown as [number];
  const [compression, preprocessing, reserved] = [header & 3, (header >> 4) & 3, header >> 6];
  if (compression > LOSSLESS || preprocessing > 1 || reserved > 1) return false;
  const data = alpha.subarray(HEADER_SIZE);
  if (compression === UNCOMPRESSED) return data.length >= width * height;
  checkStream(data, width, height);
  return true;
}
