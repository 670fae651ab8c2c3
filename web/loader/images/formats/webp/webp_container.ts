import { textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import type { Metadata } from "../orientation.ts";
import { sizeOfBitstream } from "./webp_bitstream.ts";

/** The first frame of a WebP; its size is that of the bitstream, as an ANMF chunk's is ignored. */
export interface WebpFrame {
  kind: "VP8 " | "VP8L";
  /** With the byte that pads it to an even size, which libwebp decodes too. */
  bitstream: Bytes;
  /** Content of the ALPH chunk, unless the file says that it is not used. */
  alpha: Bytes | undefined;
  width: number;
  height: number;
  left: number;
  top: number;
}

export interface WebpFile {
  width: number;
  height: number;
  frame: WebpFrame;
  metadata: Metadata;
}

const RIFF_HEADER_SIZE = 12;
const CHUNK_HEADER_SIZE = 8;
const VP8X_SIZE = 10;
const ANIM_SIZE = 6;
const ANMF_SIZE = 16;
const IS_ANIMATION = 0x02;
const HAS_XMP = 0x04;
const HAS_EXIF = 0x08;
const HAS_ALPHA = 0x10;
const UNKNOWN_FLAGS = 0xc1;

/**
 * Reads the chunks of a WebP file (RFC 9649, section 2). Raises FormatError for what libwebp's demuxer refuses, by which
 * Pillow reads: files cut short, and any chunk or frame that does not fit, also behind the first frame.
 */
export function readWebp(file: Bytes): WebpFile {
  const chunks = new ChunkReader(file);
  const { kind, padded } = chunks.peek();
  if (isBitstream(kind)) {
    const { width, height, ...frame } = readFrame(chunks, false)!;
    return { width, height, frame: { width, height, ...frame }, metadata: {} };
  }
  const [flags] = padded as unknown as [number];
  if (kind !== "VP8X" || padded.length < VP8X_SIZE || flags & UNKNOWN_FLAGS) throw chunks.damaged();
  const [width, height] = [uint24(padded, 4) + 1, uint24(padded, 7) + 1];
  chunks.skip();
  const { frames, metadata } = readExtended(chunks, flags);
  const isInside = (frame: WebpFrame): boolean =>
    flags & IS_ANIMATION
      ? frame.left + frame.width <= width && frame.top + frame.height <= height
      : frame.width === width && frame.height === height;
  const [frame] = frames;
  if (!frame || !frames.every(isInside)) throw chunks.damaged();
  return { width, height, frame, metadata };
}

/** Reads the chunks behind VP8X. */
function readExtended(
  chunks: ChunkReader,
  flags: number,
): Pick<WebpFile, "metadata"> & { frames: WebpFrame[] } {
  const frames: WebpFrame[] = [];
  let hasAnim = false;
  const metadata: Metadata = {};
  do {
    const { kind, content, padded } = chunks.peek();
    if (kind === "ALPH" || isBitstream(kind)) {
      if (flags & IS_ANIMATION || hasAnim || frames.length) throw chunks.damaged();
      frames.push(readFrame(chunks, (flags & HAS_ALPHA) !== 0)!);
    } else if (kind === "ANMF") {
      const frame = readAnimationFrame(chunks, padded);
      if (!hasAnim) throw chunks.damaged();
      if (frame && flags & IS_ANIMATION) frames.push(frame);
    } else {
      if (kind === "VP8X" || (kind === "ANIM" && padded.length < ANIM_SIZE)) throw chunks.damaged();
      hasAnim ||= kind === "ANIM";
      if (kind === "EXIF" && flags & HAS_EXIF) metadata.exif ??= content;
      if (kind === "XMP " && flags & HAS_XMP) metadata.xmp ??= content;
      chunks.skip();
    }
  } while (!chunks.ended());
  return { frames, metadata };
}

function readAnimationFrame(chunks: ChunkReader, anmf: Bytes): WebpFrame | undefined {
  if (anmf.length < ANMF_SIZE) throw chunks.damaged();
  const end = chunks.at + CHUNK_HEADER_SIZE + anmf.length;
  chunks.at += CHUNK_HEADER_SIZE + ANMF_SIZE;
  const frame = readFrame(chunks, true);
  if (chunks.at > end) throw chunks.damaged();
  return frame && { ...frame, left: 2 * uint24(anmf, 0), top: 2 * uint24(anmf, 3) };
}

/** Reads ALPH and VP8 or VP8L, once each, up to another chunk; undefined if that is the first. */
function readFrame(chunks: ChunkReader, usesAlpha: boolean): WebpFrame | undefined {
  let alpha: Bytes | undefined;
  let frame: WebpFrame | undefined;
  do {
    const { kind, content, padded } = chunks.peek();
    if (kind === "ALPH" && !alpha) {
      if (frame && usesAlpha) throw chunks.damaged();
      alpha = content;
    } else if (isBitstream(kind) && !frame) {
      const size = sizeOfBitstream(kind, padded, content.length);
      if (!size || (alpha && kind === "VP8L")) throw chunks.damaged();
      frame = { kind, bitstream: padded, alpha: undefined, ...size, left: 0, top: 0 };
    } else {
      break;
    }
    chunks.skip();
  } while (!chunks.ended());
  if (alpha && !frame) throw chunks.damaged();
  return frame && { ...frame, alpha: usesAlpha ? alpha : undefined };
}

function isBitstream(kind: string): kind is WebpFrame["kind"] {
  return kind === "VP8 " || kind === "VP8L";
}

interface Chunk {
  kind: string;
  content: Bytes;
  /** `content`, and a byte more where its size is odd. */
  padded: Bytes;
}

class ChunkReader {
  at = RIFF_HEADER_SIZE;
  private readonly bytes: Bytes;
  private readonly length: number;

  constructor(file: Bytes) {
    this.length = file.length;
    const size = file.length >= RIFF_HEADER_SIZE ? viewOf(file).getUint32(4, true) : 0;
    this.bytes = file.subarray(0, size + 8);
    if (this.bytes.length < size + 8) throw this.damaged();
  }

  /** The chunk at `at`, which may hold others. Raises FormatError where the file ends in it. */
  peek(): Chunk {
    const { at, bytes } = this;
    if (at + CHUNK_HEADER_SIZE > bytes.length) throw this.damaged();
    const size = viewOf(bytes).getUint32(at + 4, true);
    const content = bytes.subarray(at + CHUNK_HEADER_SIZE, at + CHUNK_HEADER_SIZE + size);
    const padded = bytes.subarray(
      at + CHUNK_HEADER_SIZE,
      at + CHUNK_HEADER_SIZE + size + (size % 2),
    );
    if (padded.length < size + (size % 2)) throw this.damaged();
    return { kind: textAt(bytes, at), content, padded };
  }

  skip(): void {
    this.at += CHUNK_HEADER_SIZE + this.peek().padded.length;
  }

  ended(): boolean {
    return this.at === this.bytes.length;
  }

  damaged(): Error {
    return truncated({ length: this.length }, "WebP");
  }
}

/** A 24-bit number. */
function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
}
