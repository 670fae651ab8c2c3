import { exifOrientation } from "./orientation.ts";
import { concatenate, FormatError, textAt, truncated, viewOf, type Bytes } from "./bytes.ts";

const SIGNATURE_SIZE = 8;
const CRITICAL = new Set(["IHDR", "PLTE", "IDAT", "IEND"]);

const GREY = 0;
const GREY_ALPHA = 4;
const RGBA = 6;
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Column and row of each Adam7 pass's first pixel, and the steps to the next ones. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

interface Chunk {
  kind: string;
  start: number;
  end: number;
}

/** A PNG with only its critical chunks: no gamma, profile, orientation, transparency, no animation. */
export function plainPng(bytes: Bytes): Bytes {
  const kept = [...chunksOf(bytes)].filter(({ kind }) => CRITICAL.has(kind));
  return concatenate([
    bytes.subarray(0, SIGNATURE_SIZE),
    ...kept.map(({ start, end }) => bytes.subarray(start, end)),
  ]);
}

/** The orientation of the `eXIf` chunk, 1 where there is none. */
export function pngOrientation(bytes: Bytes): number {
  const exif = [...chunksOf(bytes)].find(({ kind }) => kind === "eXIf");
  return exif ? exifOrientation(bytes.subarray(exif.start + 8, exif.end - 4)) : 1;
}

/** Alpha, which a canvas multiplies into the colours, and 16 bits, which browsers round in their own ways. */
export function needsOwnDecoder(bytes: Bytes): boolean {
  const [depth, colour] = [bytes[24], bytes[25]];
  return depth === 16 || colour === GREY_ALPHA || colour === RGBA;
}

/**
 * The pixels of a PNG with 8 or 16 bits, as Pillow's `convert("RGB")` gives them: alpha dropped, the high byte of
 * 16 bits, and grey of 16 bits clipped at 255.
 */
export async function decodePng(bytes: Bytes): Promise<ImageData> {
  const view = viewOf(bytes);
  if (bytes.length < 33) throw truncated(bytes, "PNG");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, , , interlaced] = bytes.subarray(24, 29) as unknown as number[];
  const channels = CHANNELS[colour!];
  if (!width || !height || !channels || width * height > 2 ** 28) {
    throw new FormatError(
      `The PNG file's header is damaged (${width} × ${height}, colour type ${colour}).`,
    );
  }
  const pixelSize = (channels * depth!) / 8;
  const data = await inflate(bytes);
  const image = new ImageData(width, height);
  let at = 0;
  for (const [x0, y0, dx, dy] of interlaced ? ADAM7 : [[0, 0, 1, 1] as const]) {
    const columns = Math.ceil((width - x0) / dx);
    const rows = Math.ceil((height - y0) / dy);
    if (columns <= 0 || rows <= 0) continue;
    const lineSize = columns * pixelSize;
    if (at + rows * (lineSize + 1) > data.length) throw truncated(bytes, "PNG");
    unfilter(data, at, rows, lineSize, pixelSize);
    for (let row = 0; row < rows; row++) {
      const line = at + row * (lineSize + 1) + 1;
      for (let column = 0; column < columns; column++) {
        const to = ((y0 + row * dy) * width + x0 + column * dx) * 4;
        copyPixel(data, line + column * pixelSize, image.data, to, colour!, depth!);
      }
    }
    at += rows * (lineSize + 1);
  }
  return image;
}

function copyPixel(
  data: Uint8Array,
  at: number,
  out: Uint8ClampedArray,
  to: number,
  colour: number,
  depth: number,
): void {
  const step = depth / 8;
  if (colour === GREY && depth === 16) {
    out[to] = out[to + 1] = out[to + 2] = data[at] ? 255 : data[at + 1]!;
  } else if (colour === GREY || colour === GREY_ALPHA) {
    out[to] = out[to + 1] = out[to + 2] = data[at]!;
  } else {
    out[to] = data[at]!;
    out[to + 1] = data[at + step]!;
    out[to + 2] = data[at + 2 * step]!;
  }
  out[to + 3] = 255;
}

function* chunksOf(bytes: Bytes): Generator<Chunk> {
  const view = viewOf(bytes);
  let start = SIGNATURE_SIZE;
  for (;;) {
    if (start + 12 > bytes.length) throw truncated(bytes, "PNG");
    const end = start + 12 + view.getUint32(start);
    if (end > bytes.length) throw truncated(bytes, "PNG");
    const kind = textAt(bytes, start + 4);
    yield { kind, start, end };
    if (kind === "IEND") return;
    start = end;
  }
}

async function inflate(bytes: Bytes): Promise<Uint8Array> {
  const parts = [...chunksOf(bytes)]
    .filter(({ kind }) => kind === "IDAT")
    .map(({ start, end }) => bytes.subarray(start + 8, end - 4));
  const inflated = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new Uint8Array(await new Response(inflated).arrayBuffer());
  } catch {
    throw truncated(bytes, "PNG");
  }
}

/** Undoes the filters of `rows` lines in place (PNG specification, section 9). */
function unfilter(
  data: Uint8Array,
  start: number,
  rows: number,
  lineSize: number,
  left: number,
): void {
  for (let row = 0; row < rows; row++) {
    const line = start + row * (lineSize + 1);
    const kind = data[line]!;
    const up = row ? lineSize + 1 : 0;
    for (let i = 1; i <= lineSize; i++) {
      const at = line + i;
      const a = i > left ? data[at - left]! : 0;
      const b = up ? data[at - up]! : 0;
      const c = up && i > left ? data[at - up - left]! : 0;
      if (kind === 1) data[at]! += a;
      else if (kind === 2) data[at]! += b;
      else if (kind === 3) data[at]! += (a + b) >> 1;
      else if (kind === 4) data[at]! += paeth(a, b, c);
    }
  }
}

function paeth(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}
