import { concatenate, textAt, truncated, type Bytes } from "./bytes.ts";
import { splitCmyk, type Segment, type Split } from "./cmyk.ts";
import { orientationOf } from "./orientation.ts";

const EOI = 0xd9;
const SOS = 0xda;
/** Exif and XMP. */
const APP1 = 0xe1;
/** Colour profile. */
const APP2 = 0xe2;

/**
 * Removes APP1, APP2 and everything after the end marker (ITU-T T.81, annex B). The Adobe segment stays, as it defines the
 * colour space. A CMYK file is split.
 */
export function prepareJpeg(bytes: Bytes): {
  bytes: Bytes;
  orientation: number;
  inexact: string;
  split?: Split;
} {
  const kept: Uint8Array[] = [];
  const segments: Segment[] = [];
  let cmyk = false;
  let orientation = 1;
  let hasExif = false;
  let from = 0;
  let at = 2;
  for (;;) {
    // Fill bytes may precede a marker.
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at++;
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw truncated(bytes, "JPEG");
    if (marker === EOI) {
      kept.push(bytes.subarray(from, at + 2));
      const split = cmyk ? splitCmyk(segments) : undefined;
      if (split) return { bytes: split.colours, orientation, inexact: "", split };
      const inexact = cmyk ? "browsers round the colours of CMYK in another way, by 1 of 255" : "";
      return { bytes: concatenate(kept), orientation, inexact };
    }
    const end = at + 2 + (bytes[at + 2]! << 8) + bytes[at + 3]!;
    if (!(end <= bytes.length)) throw truncated(bytes, "JPEG");
    if (isFrameHeader(marker) && bytes[at + 9] === 4) cmyk = true;
    if (marker === APP1 && !hasExif && textAt(bytes, at + 4, 6) === "Exif\0\0") {
      hasExif = true;
      orientation = orientationOf({ exif: bytes.subarray(at + 4, end) });
    }
    if (marker === APP1 || marker === APP2) {
      kept.push(bytes.subarray(from, at));
      from = end;
    }
    const next = marker === SOS ? endOfScan(bytes, end) : end;
    segments.push({
      marker,
      content: bytes.subarray(at + 4, end),
      data: bytes.subarray(end, next),
    });
    at = next;
  }
}

/** SOF0 to SOF15, except three markers in that range. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Position of the next marker; entropy-coded data contains only 0xff00 and restart markers. */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at += 2) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) throw truncated(bytes, "JPEG");
    const next = bytes[at + 1]!;
    if (next === 0xff) at--;
    else if (next !== 0 && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
}
