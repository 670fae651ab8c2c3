import { FormatError } from "../bytes.ts";
import { unfilter } from "./png_filters.ts";
import { CHANNELS, type Frame, type PngInfo } from "./png_header.ts";

const GREY = 0;
const PALETTE = 3;

/** Of each Adam7 pass: column and row of the first pixel, and the steps to the next. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** A row of a pass: its first pixel, the step to the next, and their number. */
interface Row {
  x: number;
  y: number;
  step: number;
  columns: number;
  first: boolean;
}

/** Writes inflated lines into an image as they arrive, so that no more than two are held. */
export class PngRows {
  /** Bytes of all lines with their filter types. */
  readonly size: number;
  private readonly pixels: Uint32Array;
  private readonly frame: Frame;
  private readonly width: number;
  private readonly pixelBits: number;
  private readonly readPixel: PixelReader;
  private readonly rows: Iterator<Row, undefined>;
  private row: Row | undefined;
  private line: Uint8Array;
  private above: Uint8Array;
  private filled = 0;

  constructor(image: ImageData, info: PngInfo) {
    const { colour, depth, width, height, interlaced } = info;
    const channels = CHANNELS[`${colour}-${depth}`]!;
    this.pixels = new Uint32Array(image.data.buffer);
    this.width = width;
    this.frame = info.frame ?? { left: 0, top: 0, width, height };
    this.pixelBits = channels * depth;
    this.readPixel = pixelReader(colour, depth, channels, info.palette);
    const passes = interlaced ? ADAM7 : WHOLE;
    this.size = sizeOf(this.frame, passes, this.pixelBits);
    const longest = 1 + Math.ceil((this.frame.width * this.pixelBits) / 8);
    this.line = new Uint8Array(longest);
    this.above = new Uint8Array(longest);
    this.rows = rowsOf(this.frame, passes);
    this.row = this.rows.next().value;
  }

  get full(): boolean {
    return !this.row;
  }

  /** Whether the image is larger than the frame that has data. */
  get partial(): boolean {
    const { width, height } = this.frame;
    return width * height < this.pixels.length;
  }

  /** Whether no line has begun. */
  get between(): boolean {
    return !this.filled;
  }

  /** Takes inflated data; false if there is more than the image has lines for. Raises FormatError. */
  push(data: Uint8Array): boolean {
    for (let at = 0; at < data.length;) {
      if (!this.row) return false;
      const size = 1 + Math.ceil((this.row.columns * this.pixelBits) / 8);
      const piece = data.subarray(at, at + size - this.filled);
      this.line.set(piece, this.filled);
      at += piece.length;
      this.filled += piece.length;
      if (this.filled === size) this.finishLine(this.row, size);
    }
    return true;
  }

  /** Pixels without data: those of index or level 0. */
  fillMissing(): void {
    this.pixels.fill(this.readPixel(new Uint8Array(8), 0, 0));
  }

  private finishLine({ x, y, step, columns, first }: Row, size: number): void {
    const line = this.line.subarray(0, size);
    if (first) this.above.fill(0);
    if (!unfilter(line, this.above, Math.ceil(this.pixelBits / 8))) {
      throw new FormatError("The PNG file is damaged: a line has an unknown filter.");
    }
    let to = (this.frame.top + y) * this.width + this.frame.left + x;
    for (let column = 0; column < columns; column++, to += step) {
      this.pixels[to] = this.readPixel(line, 1, column);
    }
    [this.line, this.above] = [this.above, this.line];
    this.filled = 0;
    this.row = this.rows.next().value;
  }
}

type Passes = typeof ADAM7 | typeof WHOLE;

function* rowsOf({ width, height }: Frame, passes: Passes): Generator<Row, undefined> {
  for (const [x, top, step, down] of passes) {
    const columns = Math.ceil((width - x) / step);
    if (columns <= 0) continue;
    for (let y = top; y < height; y += down) yield { x, y, step, columns, first: y === top };
  }
}

function sizeOf({ width, height }: Frame, passes: Passes, pixelBits: number): number {
  let size = 0;
  for (const [x, y, step, down] of passes) {
    const [columns, rows] = [Math.ceil((width - x) / step), Math.ceil((height - y) / down)];
    if (columns > 0 && rows > 0) size += rows * (1 + Math.ceil((columns * pixelBits) / 8));
  }
  return size;
}

type PixelReader = (data: Uint8Array, line: number, column: number) => number;

/** Reads a pixel of a line as a little-endian RGBA word, opaque. */
function pixelReader(
  colour: number,
  depth: number,
  channels: number,
  palette: Uint8Array,
): PixelReader {
  const step = depth / 8;
  if (depth <= 8 && channels === 1) {
    const max = 2 ** depth - 1;
    const table = Uint32Array.from({ length: max + 1 }, (_, i) =>
      colour === PALETTE
        ? paletteWord(palette, i)
        : packed((i * 255) / max, (i * 255) / max, (i * 255) / max),
    );
    return (data, line, column) => {
      const bit = column * depth;
      return table[(data[line + (bit >> 3)]! >> (8 - depth - (bit & 7))) & max]!;
    };
  }
  const size = channels * step;
  if (channels < 3) {
    const clips = colour === GREY;
    return (data, line, column) => {
      const at = line + column * size;
      const value = clips ? (data[at] ? 255 : data[at + 1]!) : data[at]!;
      return packed(value, value, value);
    };
  }
  return (data, line, column) => {
    const at = line + column * size;
    return packed(data[at]!, data[at + step]!, data[at + 2 * step]!);
  };
}

/** Black for colours that the palette has not as a whole. */
function paletteWord(palette: Uint8Array, i: number): number {
  const [red, green, blue] = palette.subarray(3 * i, 3 * i + 3);
  return blue === undefined ? packed(0, 0, 0) : packed(red!, green!, blue);
}

function packed(red: number, green: number, blue: number): number {
  return 0xff000000 | (blue << 16) | (green << 8) | red;
}
