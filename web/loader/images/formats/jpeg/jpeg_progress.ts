import { isFrame, SOF2, SOS, type Segment } from "./jpeg_markers.ts";

/** Coefficients, in zigzag order, whose lack libjpeg-turbo makes up for by smoothing. */
const SMOOTHED = 10;

/**
 * Whether the scans of a progressive JPEG leave low frequencies out (ITU-T T.81, annex G). Decoders smooth such images, and
 * not all in the same way.
 */
export function isIncomplete(segments: readonly Segment[]): boolean {
  const frame = segments.find(({ marker }) => isFrame(marker))!;
  if (frame.marker !== SOF2) return false;
  const missing = new Map<number, number[]>();
  for (let at = 6; at < frame.content.length; at += 3) {
    missing.set(frame.content[at]!, Array<number>(SMOOTHED).fill(1));
  }
  for (const { marker, content } of segments) {
    if (marker !== SOS) continue;
    const count = content[0]!;
    const [first, last, approximation] = content.subarray(1 + 2 * count);
    for (let i = 0; i < count; i++) {
      missing.get(content[1 + 2 * i]!)?.fill(approximation! & 15, first, last! + 1);
    }
  }
  return [...missing.values()].some((bits) => bits.some((bit) => bit > 0));
}
