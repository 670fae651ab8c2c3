import { concatenate, type Bytes } from "../bytes.ts";
import { APP14, DHT, DQT, DRI, EOI, SOF2, SOI, SOS, type Segment } from "./jpeg_markers.ts";
import { readTables, withoutBlocks, type HuffmanTable } from "../scan.ts";

/** Two JPEGs of three components, which browsers decode exactly, and the function that merges their pixels. */
export interface Split {
  colours: Bytes;
  black: Bytes;
  /** Merges both into `colours`. */
  merge: (colours: ImageData, black: ImageData) => void;
}

/** Component omitted from the first file, and from the second, whose third component is then black. */
const BLACK = 3;
const MAGENTA = 1;

const START = Uint8Array.of(0xff, SOI);
const END = Uint8Array.of(0xff, EOI);

/**
 * Splits a CMYK JPEG, which browsers convert to RGB with other rounding than Pillow, into two JPEGs of the same
 * coefficients that need no conversion. Undefined without Huffman coding, and where omitting a component would change the
 * layout of the MCUs (ITU-T T.81).
 */
export function splitCmyk(segments: readonly Segment[]): Split | undefined {
  const adobe = segments
    .filter(({ marker, content }) => marker === APP14 && content.length >= 12)
    .at(-1);
  const ycck = !!adobe?.content[11];
  const colours = withoutComponent(segments, BLACK, ycck);
  const black = withoutComponent(segments, MAGENTA, false);
  if (!colours || !black) return undefined;
  return { colours, black, merge: (a, b) => merge(a.data, b.data, ycck) };
}

/** Pillow's `cmyk2rgb` for inverted inks; for YCCK libjpeg's RGB is inverted already. */
function merge(colours: Uint8ClampedArray, black: Uint8ClampedArray, ycck: boolean): void {
  for (let at = 0; at < colours.length; at += 4) {
    const light = black[at + 2]!;
    for (let i = at; i < at + 3; i++) {
      const product = (ycck ? colours[i]! : 255 - colours[i]!) * light + 128;
      colours[i] = light - ((product + (product >> 8)) >> 8);
    }
  }
}

function withoutComponent(
  segments: readonly Segment[],
  omitted: number,
  ycc: boolean,
): Bytes | undefined {
  const tables: HuffmanTable[] = [];
  const out: Uint8Array[] = [START, adobeSegment(ycc)];
  let frame: Frame | undefined;
  let restartInterval = 0;
  for (const { marker, content, data } of segments) {
    if (marker === SOS) {
      const scan = frame && scanWithout(content, data, frame, tables, restartInterval);
      if (!scan) return undefined;
      out.push(scan);
    } else if (marker === DHT || marker === DQT || marker === DRI) {
      if (marker === DHT) readTables(content, tables);
      if (marker === DRI) restartInterval = (content[0]! << 8) | content[1]!;
      out.push(segmentOf(marker, content));
    } else if (marker >= 0xc0 && marker <= 0xcf) {
      frame = readFrame(marker, content, omitted);
      if (!frame) return undefined;
      out.push(segmentOf(marker, frame.header));
    }
  }
  return concatenate([...out, END]);
}

function segmentOf(marker: number, content: Uint8Array): Bytes {
  const size = content.length + 2;
  return concatenate([Uint8Array.of(0xff, marker, size >> 8, size & 255), content]);
}

/** An Adobe segment: the three components are YCbCr, or RGB, which decoders return unchanged. */
function adobeSegment(ycc: boolean): Bytes {
  const name = Uint8Array.from("Adobe", (letter) => letter.charCodeAt(0));
  return segmentOf(APP14, concatenate([name, Uint8Array.of(0, 100, 0, 0, 0, 0, ycc ? 1 : 0)]));
}

interface Frame {
  /** Without the omitted component. */
  header: Uint8Array;
  omitted: number;
  progressive: boolean;
  /** In an interleaved scan. */
  mcus: number;
  /** Per MCU, by component ID. */
  blocks: Map<number, number>;
}

/** Undefined where the other three components would have other MCUs. */
function readFrame(marker: number, content: Uint8Array, omitted: number): Frame | undefined {
  const components = [0, 1, 2, 3].map((i) => content.subarray(6 + 3 * i, 9 + 3 * i));
  const others = components.filter((_, i) => i !== omitted);
  const [across, down] = [(of: Uint8Array) => of[1]! >> 4, (of: Uint8Array) => of[1]! & 15];
  const most = (of: Uint8Array[], factor: (of: Uint8Array) => number): number =>
    Math.max(...of.map(factor));
  const [columns, rows] = [most(others, across), most(others, down)];
  const [height, width] = [(content[1]! << 8) | content[2]!, (content[3]! << 8) | content[4]!];
  const fits = columns === most(components, across) && rows === most(components, down);
  if (marker > SOF2 || content.length !== 18 || !fits || !(columns && rows && height))
    return undefined;
  return {
    header: concatenate([content.subarray(0, 5), Uint8Array.of(3), ...others]),
    omitted: components[omitted]![0]!,
    progressive: marker === SOF2,
    mcus: Math.ceil(width / (8 * columns)) * Math.ceil(height / (8 * rows)),
    blocks: new Map(components.map((of) => [of[0]!, across(of) * down(of)])),
  };
}

/** The scan without the omitted component: empty if it has no other, undefined if it cannot be rewritten. */
function scanWithout(
  content: Uint8Array,
  data: Uint8Array,
  { omitted, progressive, mcus, blocks }: Frame,
  tables: readonly HuffmanTable[],
  restartInterval: number,
): Uint8Array | undefined {
  const count = content[0]!;
  const entries = Array.from({ length: count }, (_, i) => content.subarray(1 + 2 * i, 3 + 2 * i));
  const others = entries.filter(([name]) => name !== omitted);
  if (others.length === count) return concatenate([segmentOf(SOS, content), data]);
  if (others.length === 0) return new Uint8Array();
  // A single component with several blocks per MCU is stored in another order.
  if (others.length === 1 && blocks.get(others[0]![0]!) !== 1) return undefined;
  const [, , approximation] = content.subarray(1 + 2 * count);
  const components = entries.map(([name, selectors]) => ({
    blocks: blocks.get(name!)!,
    dc: tables[selectors! >> 4],
    ac: tables[0x10 | (selectors! & 15)],
    kept: name !== omitted,
  }));
  const coding = progressive ? (approximation! >> 4 ? "dc bit" : "dc") : "everything";
  const rest = withoutBlocks(data, components, coding, mcus, restartInterval);
  if (!rest) return undefined;
  const header = concatenate([
    Uint8Array.of(others.length),
    ...others,
    content.subarray(1 + 2 * count),
  ]);
  return concatenate([segmentOf(SOS, header), rest]);
}
