import { FormatError, truncated, viewOf, type Bytes } from "./bytes.ts";
import { exifOrientation } from "./orientation.ts";
import { chunksOf, contentOf } from "./png_chunks.ts";
import { unfilter } from "./png_filters.ts";

const GREY = 0;
const PALETTE = 3;

/** By colour type. */
const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

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

/** The orientation in the `eXIf` chunk; 1 if there is none. */
export function pngOrientation(bytes: Bytes): number {
  const exif = contentOf(bytes, "eXIf");
  return exif ? exifOrientation(exif) : 1;
}

/**
 * Decodes a PNG as Pillow's `convert("RGB")` does: without gamma, profile and transparency, 16 bits truncated to the high
 * byte, but 16-bit grey clipped at 255 (PNG specification). Browsers apply these, and differ in rounding and in which
 * damaged files they accept. Raises FormatError for files that Pillow refuses.
 */
export async function decodePng(bytes: Bytes): Promise<ImageData> {
  const view = viewOf(bytes);
  if (bytes.length < 33) throw truncated(bytes, "PNG");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, , filters, interlaced] = bytes.subarray(24, 29) as unknown as Header;
  const valid = DEPTHS[colour]?.includes(depth) && filters === 0;
  if (!width || !height || !valid || width * height > 2 ** 28) {
    throw new FormatError(
      `The PNG file's header is damaged (${width} × ${height}, colour type ${colour}, ${depth} bits).`,
    );
  }
  const pixelBits = CHANNELS[colour]! * depth;
  const read = pixelReader(colour, depth, contentOf(bytes, "PLTE") ?? new Uint8Array());
  const data = await inflate(bytes);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  let at = 0;
  for (const [x0, y0, dx, dy] of interlaced ? ADAM7 : WHOLE) {
    const columns = Math.ceil((width - x0) / dx);
    const rows = Math.ceil((height - y0) / dy);
    if (columns <= 0 || rows <= 0) continue;
    const lineSize = Math.ceil((columns * pixelBits) / 8);
    if (at + rows * (lineSize + 1) > data.length) throw truncated(bytes, "PNG");
    if (!unfilter(data, at, rows, lineSize, Math.ceil(pixelBits / 8)))
      throw truncated(bytes, "PNG");
    for (let row = 0; row < rows; row++, at += lineSize + 1) {
      let to = (y0 + row * dy) * width + x0;
      for (let column = 0; column < columns; column++, to += dx) {
        pixels[to] = read(data, at + 1, column);
      }
    }
  }
  return image;
}

type Header = [
  depth: number,
  colour: number,
  compression: number,
  filters: number,
  interlaced: number,
];
type PixelReader = (data: Uint8Array, line: number, column: number) => number;

/** Reads a pixel of a line as a little-endian RGBA word, opaque. */
function pixelReader(colour: number, depth: number, palette: Uint8Array): PixelReader {
  const step = depth / 8;
  if (depth <= 8 && CHANNELS[colour] === 1) {
    const max = 2 ** depth - 1;
    const table = Uint32Array.from({ length: max + 1 }, (_, i) =>
      colour === PALETTE
        ? packed(palette[3 * i] ?? 0, palette[3 * i + 1] ?? 0, palette[3 * i + 2] ?? 0)
        : packed((i * 255) / max, (i * 255) / max, (i * 255) / max),
    );
    return (data, line, column) => {
      const bit = column * depth;
      return table[(data[line + (bit >> 3)]! >> (8 - depth - (bit & 7))) & max]!;
    };
  }
  const size = CHANNELS[colour]! * step;
  if (CHANNELS[colour]! < 3) {
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

function packed(red: number, green: number, blue: number): number {
  return 0xff000000 | (blue << 16) | (green << 8) | red;
}

async function inflate(bytes: Bytes): Promise<Uint8Array> {
  const contents = [...chunksOf(bytes)]
    .filter(({ kind }) => kind === "IDAT")
    .map(({ content }) => content);
  const inflated = new Blob(contents).stream().pipeThrough(new DecompressionStream("deflate"));
  try {
    return new Uint8Array(await new Response(inflated).arrayBuffer());
  } catch {
    throw truncated(bytes, "PNG");
  }
}
