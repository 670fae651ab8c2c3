import { concatenate, FormatError, truncated, viewOf, type Bytes } from "../bytes.ts";
import { splitCmyk, type Split } from "./cmyk.ts";
import { AppSegments } from "./jpeg_app.ts";
import {
  DAC,
  DHT,
  DQT,
  DRI,
  EOI,
  isAlone,
  isFrame,
  isRestart,
  isTable,
  nextMarker,
  SOF0,
  SOF2,
  SOI,
  SOS,
  type Segment,
} from "./jpeg_markers.ts";
import { isIncomplete } from "./jpeg_progress.ts";
import { scanCompletes } from "./jpeg_scan_end.ts";
import { orientationOf } from "../orientation.ts";
import { checkSize } from "../size.ts";

/**
 * Reduces a JPEG to what its pixels need (ITU-T T.81, annex B), in the order of the file: tables, frame, scans, and the
 * segments that define the colour space. Bytes between segments and after the end marker are dropped, where browsers and
 * Pillow's libjpeg skip different ones. A CMYK file is split. Raises FormatError where Pillow refuses the file's structure.
 */
export function prepareJpeg(bytes: Bytes): {
  bytes: Bytes;
  orientation: number;
  inexact: string;
  size: { width: number; height: number };
  split?: Split;
} {
  const { segments, frame, metadata } = readSegments(bytes);
  const orientation = orientationOf(metadata);
  const header = viewOf(frame.content);
  const size = { width: header.getUint16(3), height: header.getUint16(1) };
  const cmyk = frame.content[5] === 4;
  let inexact = isIncomplete(segments)
    ? "an incomplete progressive JPEG is smoothed in another way"
    : "";
  const split = cmyk ? splitCmyk(segments) : undefined;
  if (split) return { bytes: split.colours, orientation, inexact, size, split };
  if (cmyk) inexact ||= "the colours of CMYK are rounded in another way, by 1 of 255";
  const start = Uint8Array.of(0xff, SOI);
  const pieces = segments.flatMap(({ whole, data }) => [whole, data]);
  const end = Uint8Array.of(0xff, EOI);
  return { bytes: concatenate([start, ...pieces, end]), orientation, inexact, size };
}

function readSegments(bytes: Bytes): {
  segments: Segment[];
  frame: Segment;
  metadata: AppSegments["metadata"];
} {
  let segments: Segment[] = [];
  const app = new AppSegments();
  let frame: Segment | undefined;
  let scans = 0;
  let restarts = false;
  let several = false; // scans are read up to the end of the file
  for (let from = 2; ;) {
    const at = nextMarker(bytes, from);
    const marker = at < 0 ? EOI : bytes[at + 1]!;
    if (marker === EOI && !scans && !frame && bytes[at + 2] === 0xff && bytes[at + 3] === SOI) {
      // Tables for the image that follows (annex B.5).
      segments = segments.filter((segment) => [DHT, DQT].includes(segment.marker));
      from = at + 4;
      continue;
    }
    if (marker === EOI) {
      // Pillow needs an end marker after several scans only; a single one has to have all of its pixels.
      const complete = at >= 0 || (scans > 0 && !several && endsWell(bytes, segments));
      if (!scans || !complete) throw truncated(bytes, "JPEG");
      return { segments, frame: frame!, metadata: app.metadata };
    }
    from = at + 2;
    if (isAlone(marker)) {
      // Before the first scan Pillow knows restart markers alone.
      if (scans || isRestart(marker)) continue;
      throw unknown(marker);
    }
    if (isFrame(marker) ? frame : marker !== SOS && !isTable(marker)) throw unknown(marker);
    // Where the file ends before, it ends within the segment.
    const size = at + 4 > bytes.length ? Infinity : (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (size < 2 && (isFrame(marker) || [SOS, DHT, DQT, DRI].includes(marker))) {
      throw unknown(marker);
    }
    const next = at + 2 + Math.max(2, size);
    if (!(next <= bytes.length)) {
      // Behind the pixels, this is not read, unless its start is invalid.
      const invalid = marker === SOS ? size < Infinity : marker === DHT && size < MIN_TABLE_SIZE;
      if (!scans || several || invalid) {
        throw truncated(bytes, "JPEG");
      }
      from = bytes.length;
      continue;
    }
    from = next;
    const content = bytes.subarray(at + 4, next);
    const segment = { marker, content, whole: bytes.subarray(at, next), data: NO_DATA };
    if (marker === SOS) {
      const whole = content.length === 4 + 2 * content[0]!;
      if (!frame || !whole || (scans && !several)) throw unknown(marker);
      scans++;
      several ||= frame.marker === SOF2 || content[0]! < frame.content[5]!;
      from = endOfScan(bytes, next, restarts);
      segment.data = withoutFill(bytes.subarray(next, from));
      segments.push(segment);
    } else if (isFrame(marker)) {
      checkFrame(content);
      app.readFrameHeader();
      frame = segment;
      segments.push(segment);
    } else if ([DHT, DQT, DRI].includes(marker)) {
      segments.push(segment);
      if (marker === DRI) restarts = content.some((value) => value > 0);
    } else if (marker === DAC) {
      if (!isConditioning(content)) throw unknown(marker);
    } else if (!scans && app.read(marker, content)) {
      segments.push(segment);
    }
  }
}

const NO_DATA = new Uint8Array();
/** Of a segment with a Huffman table. */
const MIN_TABLE_SIZE = 19;

function unknown(marker: number): FormatError {
  return new FormatError(
    `The JPEG file is damaged or of an unknown kind: marker ${marker.toString(16)}.`,
  );
}

/** As Pillow's `JpegImagePlugin.SOF`. Raises FormatError. */
function checkFrame(content: Bytes): void {
  const [bits, , , , , components] = content;
  if (bits !== 8 || ![1, 3, 4].includes(components ?? 0) || content.length % 3) {
    throw new FormatError(
      `The JPEG file is damaged or of an unknown kind (${bits} bits, ${components} components).`,
    );
  }
  const view = viewOf(content);
  checkSize(view.getUint16(3), view.getUint16(1), "JPEG");
}

/** Whether libjpeg needs nothing of the file after its last segment. */
function endsWell(bytes: Bytes, segments: readonly Segment[]): boolean {
  const { marker, data } = segments.at(-1)!;
  // Entropy-coded data that another marker ends is filled up with zeros.
  const isLast =
    marker === SOS && nextMarker(bytes, data.byteOffset - bytes.byteOffset + data.length) < 0;
  return !isLast || scanCompletes(bytes, segments);
}

/**
 * Position of the next marker; entropy-coded data contains only 0xff00 and restart markers. Where it looks for these, libjpeg
 * skips others that are too low (`jpeg_resync_to_restart`).
 */
function endOfScan(bytes: Uint8Array, start: number, restarts: boolean): number {
  for (let at = start; ; at += 2) {
    at = nextMarker(bytes, at);
    if (at < 0) return bytes.length;
    const marker = bytes[at + 1]!;
    if (!isRestart(marker) && !(restarts && marker < SOF0)) return at;
  }
}

/** Without the fill bytes before the next marker. */
function withoutFill(data: Bytes): Bytes {
  let end = data.length;
  while (data[end - 1] === 0xff) end--;
  return data.subarray(0, end);
}

/** Pillow reads and ignores the conditioning of arithmetic codes, but libjpeg checks it (`get_dac`). */
function isConditioning(content: Uint8Array): boolean {
  const valid = (index: number, value: number): boolean =>
    index < 32 && (index >= 16 || (value & 15) <= value >> 4);
  return (
    content.length % 2 === 0 && content.every((index, i) => i % 2 || valid(index, content[i + 1]!))
  );
}
