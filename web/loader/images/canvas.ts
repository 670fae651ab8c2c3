/** Pixels by way of a canvas, and whether this browser alters them. */
import { DecodeError } from "../api/errors.ts";
import { isImageData } from "./image_source.ts";

type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** Side of the largest canvas that is drawn on; iOS up to 17 draws nothing on one of more pixels than 4096 × 4096. */
const TILE = 4096;

/** Differences that hide a device from fingerprinting without changing what one sees; larger ones are noise. */
const MAX_ALTERED = 4;

/**
 * The pixels of `source` drawn at `width` × `height`, in tiles, as every browser has a limit above which a canvas stays
 * empty. Raises DecodeError.
 */
export function readBack(source: CanvasImageSource, width: number, height: number): ImageData {
  try {
    if (width <= TILE && height <= TILE)
      return readTile(source, 0, 0, width, height, [width, height]);
    const image = new ImageData(width, height);
    for (let top = 0; top < height; top += TILE) {
      for (let left = 0; left < width; left += TILE) {
        const size = [Math.min(TILE, width - left), Math.min(TILE, height - top)] as const;
        const tile = readTile(source, left, top, width, height, size);
        for (let y = 0; y < tile.height; y++) {
          const row = tile.data.subarray(4 * y * tile.width, 4 * (y + 1) * tile.width);
          image.data.set(row, 4 * ((top + y) * width + left));
        }
      }
    }
    return image;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(
      `The image (${width} × ${height}) cannot be read back: ` +
        "it comes from another origin without CORS, was closed, or is larger than this device can hold.",
      { cause: error },
    );
  }
}

function readTile(
  source: CanvasImageSource,
  left: number,
  top: number,
  width: number,
  height: number,
  [tileWidth, tileHeight]: readonly [number, number],
): ImageData {
  const context = contextOf(tileWidth, tileHeight);
  context.drawImage(source, -left, -top, width, height);
  return context.getImageData(0, 0, tileWidth, tileHeight);
}

/** The rows `rows` of `source` drawn at `width` × `height`: as an image of `rows.length` rows. */
export function readRows(
  source: CanvasImageSource,
  width: number,
  height: number,
  rows: readonly number[],
): Uint8ClampedArray {
  const context = contextOf(width, rows.length);
  rows.forEach((row, to) => {
    context.save();
    context.beginPath();
    context.rect(0, to, width, 1);
    context.clip();
    context.drawImage(source, 0, to - row, width, height);
    context.restore();
  });
  return context.getImageData(0, 0, width, rows.length).data;
}

/** Which pixels of `image` are transparent, as where nothing was drawn. */
export function transparency({ data }: ImageData): "none" | "some" | "all" {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length >> 2);
  let [all, any] = [-1, 0];
  for (const word of words) {
    all &= word;
    any |= word;
  }
  if (all >>> 24 === 255) return "none";
  return any >>> 24 === 0 ? "all" : "some";
}

/** A canvas that shows `source`. */
export function drawn(
  source: ImageData | CanvasImageSource,
  width: number,
  height: number,
): OffscreenCanvas | HTMLCanvasElement {
  const context = contextOf(width, height);
  if (isImageData(source)) context.putImageData(source, 0, 0);
  else context.drawImage(source, 0, 0, width, height);
  return context.canvas;
}

let altered: number | undefined;

/**
 * Why pixels read back from a canvas are inexact: some browsers alter them against fingerprinting. Empty if they do not.
 * Raises DecodeError where they are noise.
 */
export function readBackProblem(): string {
  altered ??= measureAltered();
  if (altered > MAX_ALTERED) {
    throw new DecodeError(
      "This browser gives pages noise instead of an image's pixels, to protect against fingerprinting. " +
        "Allow this site to read canvases (in Firefox: the icon in the address bar; in Brave: Shields), or use another browser.",
    );
  }
  return altered ? "this browser alters what pages read back from a canvas" : "";
}

/** The largest difference between pixels drawn on a canvas and read back from it. */
function measureAltered(): number {
  const side = 64;
  const known = new ImageData(side, side);
  known.data.forEach((_, i, data) => (data[i] = i % 4 === 3 ? 255 : (i * 89) & 255));
  const context = contextOf(side, side);
  context.putImageData(known, 0, 0);
  const found = readBack(context.canvas, side, side);
  return known.data.reduce((most, value, i) => Math.max(most, Math.abs(value - found.data[i]!)), 0);
}

function contextOf(width: number, height: number): Context {
  const canvas: OffscreenCanvas | HTMLCanvasElement =
    typeof OffscreenCanvas === "undefined"
      ? Object.assign(document.createElement("canvas"), { width, height })
      : new OffscreenCanvas(width, height);
  // Kept in main memory, as it is read back.
  const options = { willReadFrequently: true, colorSpace: "srgb" } as const;
  const context = canvas.getContext("2d", options) as Context | null;
  if (!context) throw new DecodeError("This browser has no 2D canvas, which reading images needs.");
  return context;
}
