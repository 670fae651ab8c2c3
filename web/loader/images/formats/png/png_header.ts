import { FormatError, viewOf, type Bytes } from "../bytes.ts";
import { inflate } from "../compressed/inflate.ts";
import type { Metadata } from "../orientation.ts";

/** Largest text or profile that Pillow inflates: `PngImagePlugin.MAX_TEXT_CHUNK`. */
const MAX_TEXT = 2 ** 20;
/** Smallest content of chunks; Pillow refuses files with less. */
const MIN_SIZES: Record<string, number> = {
  IHDR: 13,
  gAMA: 4,
  cHRM: 32,
  sRGB: 1,
  pHYs: 9,
  acTL: 8,
  fcTL: 26,
  fdAT: 4,
};
const MAX_FRAMES = 2 ** 31;
const XMP = "XML:com.adobe.xmp";

/** Place of the pixels in the image. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What the chunks of a PNG say, as Pillow's `PngStream` reads them: later chunks replace earlier ones. */
export class PngInfo {
  width = 0;
  height = 0;
  depth = 0;
  colour = -1;
  interlaced = false;
  palette: Uint8Array = new Uint8Array();
  /** Of the first frame of an animation. */
  frame: Frame | undefined;
  frames: number | undefined;
  readonly metadata: Metadata = {};
  private sequence: number | undefined;

  /** Whether there is a second frame, which may be that of an IDAT without fcTL. */
  get animated(): boolean {
    return this.frames !== undefined && (this.frames > 1 || !this.frame);
  }

  /** Reads a chunk. Raises FormatError where Pillow refuses it. */
  read(kind: string, content: Bytes): void {
    if (content.length < (MIN_SIZES[kind] ?? 0)) throw damaged(kind);
    const view = viewOf(content);
    if (kind === "IHDR") this.readHeader(content);
    else if (kind === "PLTE" && this.colour === 3) this.palette = content;
    else if (kind === "tRNS") this.checkTransparency(content);
    else if (kind === "acTL") {
      const frames = view.getUint32(0);
      const valid = frames > 0 && frames <= MAX_FRAMES && this.frames === undefined;
      if (valid) this.frames = frames;
      else if (this.frames !== undefined) this.frames = undefined;
    } else if (kind === "fcTL") this.readFrame(view);
    else if (kind === "fdAT") this.checkSequence(view.getUint32(0));
    else if (kind === "iCCP") {
      const name = content.indexOf(0);
      if (content[name + 1] !== 0) throw damaged(kind);
      inflateText(content.subarray(name + 2), kind);
    } else if (kind === "eXIf") this.metadata.exif = content;
    else this.readText(kind, content);
  }

  private readHeader(content: Bytes): void {
    const view = viewOf(content);
    [this.width, this.height] = [view.getUint32(0), view.getUint32(4)];
    const [depth, colour, , filters, interlaced] = content.subarray(8, 13);
    if (`${colour}-${depth}` in CHANNELS) [this.depth, this.colour] = [depth!, colour!];
    this.interlaced ||= interlaced !== 0;
    if (filters) throw damaged("IHDR");
  }

  private checkTransparency(content: Bytes): void {
    const least = { 0: 2, 2: 6 }[this.colour] ?? 0;
    // Pillow reads RGB of 16 bits as RGB, and that of 2 and 4 bits of grey as L.
    if (content.length < least) throw damaged("tRNS");
  }

  private readFrame(view: DataView): void {
    this.checkSequence(view.getUint32(0), true);
    const [width, height, left, top] = [4, 8, 12, 16].map((at) => view.getUint32(at)) as Four;
    if (left + width > this.width || top + height > this.height) throw damaged("fcTL");
    this.frame = { left, top, width, height };
  }

  private checkSequence(number: number, first = false): void {
    const expected = this.sequence === undefined ? (first ? 0 : NaN) : this.sequence + 1;
    if (number !== expected) throw damaged("fcTL");
    this.sequence = number;
  }

  private readText(kind: string, content: Bytes): void {
    const end = content.indexOf(0);
    if (kind === "tEXt") {
      const key = textOf(end < 0 ? content : content.subarray(0, end));
      this.keep(key, end < 0 ? new Uint8Array() : content.subarray(end + 1));
    } else if (kind === "zTXt") {
      if (end >= 0 && content[end + 1]) throw damaged(kind);
      const text = inflateText(content.subarray(end < 0 ? content.length : end + 2), kind);
      this.keep(textOf(content.subarray(0, Math.max(0, end))), text ?? new Uint8Array(), true);
    } else if (kind === "iTXt" && end >= 0 && content.length >= end + 3) {
      const [compressed, method] = content.subarray(end + 1, end + 3);
      const language = content.indexOf(0, end + 3);
      const keyword = language < 0 ? -1 : content.indexOf(0, language + 1);
      if (keyword < 0) return;
      let text: Bytes | undefined = content.subarray(keyword + 1);
      if (compressed) text = method === 0 ? inflateText(text, kind) : undefined;
      if (text && textOf(content.subarray(0, end)) === XMP) this.metadata.xmp = text;
    }
  }

  private keep(key: string, text: Bytes, inflated = false): void {
    if (key === "exif" && !inflated) this.metadata.exif = text;
    if (key === "Raw profile type exif") this.metadata.rawProfile = textOf(text);
    if (key === XMP) this.metadata.xmp = text;
  }
}

type Four = [number, number, number, number];

/** Channels by colour type and depth. */
export const CHANNELS: Record<string, number> = Object.fromEntries(
  (
    [
      [0, 1, [1, 2, 4, 8, 16]],
      [2, 3, [8, 16]],
      [3, 1, [1, 2, 4, 8]],
      [4, 2, [8, 16]],
      [6, 4, [8, 16]],
    ] as const
  ).flatMap(([colour, channels, depths]) =>
    depths.map((depth) => [`${colour}-${depth}`, channels]),
  ),
);

/** Undefined where the data is invalid, which Pillow ignores. Raises FormatError for what it refuses. */
function inflateText(content: Bytes, kind: string): Bytes | undefined {
  const text = new Uint8Array(Math.min(MAX_TEXT, 1032 * content.length)); // deflate expands by no more
  let at = 0;
  const { end } = inflate(content, MAX_TEXT, (piece) => {
    text.set(piece, at);
    at += piece.length;
  });
  if (end === "full") throw damaged(kind);
  return end === "invalid" ? undefined : text.subarray(0, at);
}

function damaged(kind: string): FormatError {
  return new FormatError(`The PNG file is damaged: Pillow refuses its ${kind} chunk.`);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
