import type { DecodedBy } from "../api/image.ts";
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { PreprocessingInfo } from "../api/preprocessing.ts";
import { importChunk } from "../fetch/chunks.ts";
import type { Bytes } from "./formats/bytes.ts";
import type * as Formats from "./formats/images.chunk.ts";
import type { Plain } from "./formats/plain.ts";
import type { Probe } from "./formats/probe.ts";
import { isA, measured } from "./image_source.ts";
import { elementPicture, type ElementPicture } from "./transferable.ts";

/** Whether a model was trained on pictures turned upright, or as they are stored. */
type ExifOrientation = PreprocessingInfo["exif_orientation"];

/** Pixels, and why they are not the ones that Pillow reads from the same file; empty where they are. */
export interface Decoded {
  pixels: ImageData;
  by: DecodedBy;
  inexact: string;
}

/**
 * The pixels of `source` at its own size. Of a file they are the ones that Pillow's `convert("RGB")` gives: no
 * colour profile, alpha dropped, turned only if `exif` says so. Raises DecodeError, and DownloadError or
 * IntegrityError for the part of the loader, from the site at `base`, that files are read with.
 */
export async function decode(
  source: ImageSource | ElementPicture,
  exif: ExifOrientation,
  base: URL,
): Promise<Decoded> {
  if (source instanceof Blob) return decodeBlob(source, exif, await importFormats(base));
  if (source instanceof ImageData) return { pixels: source, by: "none", inexact: "" };
  if (isA("HTMLImageElement", source)) {
    const picture = await elementPicture(source as HTMLImageElement);
    return decodeElement(picture, exif, await importFormats(base));
  }
  if (isElementPicture(source)) return decodeElement(source, exif, await importFormats(base));
  const { width, height } = measured(source);
  return {
    pixels: readBack(source as CanvasImageSource, width, height),
    by: "canvas",
    inexact: alteredReadBack(),
  };
}

/** The decoders of image files, a chunk of the loader. Raises DownloadError or IntegrityError. */
export function importFormats(base: URL): Promise<typeof Formats> {
  return importChunk<typeof Formats>(base, "images");
}

async function decodeBlob(
  blob: Blob,
  exif: ExifOrientation,
  { plain, place, turn, FormatError }: typeof Formats,
): Promise<Decoded> {
  if (blob.size === 0) throw new DecodeError("The file is empty (0 bytes).");
  let stored: Plain;
  let pixels: ImageData;
  try {
    stored = await plain(new Uint8Array(await blob.arrayBuffer()));
    pixels = stored.pixels ?? (await browsersPixels(stored.bytes));
    stored.split?.merge(pixels, await browsersPixels(stored.split.black));
    // A damaged file may name a canvas that no memory has room for.
    if (stored.placement) pixels = place(pixels, stored.placement);
    if (exif === "apply") pixels = turn(pixels, stored.orientation);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (error instanceof FormatError) throw new DecodeError(error.message, { cause: error });
    const kind = blob.type ? ` of type ${blob.type}` : "";
    throw new DecodeError(
      `The file (${blob.size} bytes${kind}) is damaged or no picture that this browser can read, such as JPEG, PNG or WebP.`,
      { cause: error },
    );
  }
  if (stored.pixels) return { pixels, by: "script", inexact: "" };
  const failed = stored.probe && !(await passes(stored.probe)) ? stored.probe.inexact : "";
  return { pixels, by: "canvas", inexact: stored.inexact || failed || alteredReadBack() };
}

/** Of a file as this browser decodes it. */
async function browsersPixels(bytes: Bytes): Promise<ImageData> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  try {
    return readBack(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

const probed = new Map<Probe, Promise<boolean>>();

/** Whether this browser decodes a known file as Pillow does; asked once for each. */
function passes(probe: Probe): Promise<boolean> {
  const known = probed.get(probe) ?? decodesTo(probe);
  probed.set(probe, known);
  return known;
}

async function decodesTo({ file, sum }: Probe): Promise<boolean> {
  const { data } = await browsersPixels(file);
  let place = 0;
  const found = data.reduce(
    (total, value, i) => (i % 4 === 3 ? total : total + value * ++place),
    0,
  );
  return found === sum;
}

/**
 * An <img> by its file, since the element itself shows converted colours. Where the file cannot be had again,
 * or is another picture by now, by what the element shows.
 */
async function decodeElement(
  { file, shown, width, height }: ElementPicture,
  exif: ExifOrientation,
  formats: typeof Formats,
): Promise<Decoded> {
  try {
    if (file) {
      const decoded = await decodeBlob(file, exif, formats);
      // An orientation turns what the element shows, and not what the file holds.
      const sides = [decoded.pixels.width, decoded.pixels.height];
      if (sides.includes(width) && sides.includes(height)) return decoded;
    }
  } catch {
    // An SVG, say.
  }
  if (!shown) throw Object.assign(new DecodeError(CHANGED), { changed: true });
  const inexact = "the file of the <img> could not be read again, only what the element shows";
  return { pixels: readBack(shown, width, height), by: "canvas", inexact };
}

const CHANGED = "The file of the <img> is not the picture that it shows.";

/** Whether decoding failed just because a worker was given the file of an <img> and not what it shows. */
export function needsShown(error: unknown): boolean {
  return error instanceof DecodeError && (error as { changed?: boolean }).changed === true;
}

function isElementPicture(source: object): source is ElementPicture {
  return Object.getPrototypeOf(source) === Object.prototype && "shown" in source;
}

function readBack(source: CanvasImageSource, width: number, height: number): ImageData {
  const context = scratch(width, height);
  try {
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new DecodeError(
      `The picture (${width} × ${height}) cannot be read back: ` +
        "it comes from another origin without CORS, was closed, or is larger than this device can hold.",
      { cause: error },
    );
  }
}

function scratch(
  width: number,
  height: number,
): OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D {
  const canvas = canvasOf(width, height);
  // Kept in main memory, where it is read back from.
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" }) as
    OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null;
  if (!context) throw new DecodeError("This browser gives no 2D canvas to read pictures with.");
  return context;
}

let altered: string | undefined;

/** Why a canvas cannot be trusted here: some browsers change what pages read back, against fingerprinting. */
function alteredReadBack(): string {
  if (altered === undefined) {
    const known = new ImageData(16, 16);
    known.data.forEach((_, i, data) => (data[i] = i % 4 === 3 ? 255 : (i * 89) & 255));
    const canvas = canvasOf(16, 16);
    (canvas.getContext("2d") as CanvasRenderingContext2D).putImageData(known, 0, 0);
    const found = readBack(canvas, 16, 16);
    const same = known.data.every((value, i) => value === found.data[i]);
    altered = same ? "" : "this browser alters what pages read back from a canvas";
  }
  return altered;
}

function canvasOf(width: number, height: number): OffscreenCanvas | HTMLCanvasElement {
  return typeof OffscreenCanvas === "undefined"
    ? Object.assign(document.createElement("canvas"), { width, height })
    : new OffscreenCanvas(width, height);
}
