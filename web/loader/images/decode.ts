import { DecodeError } from "../api/errors.ts";
import type { DecodedBy, ImageSource } from "../api/image.ts";
import type { PreprocessingInfo } from "../api/preprocessing.ts";
import { importChunk } from "../fetch/chunks.ts";
import { readBack, readBackProblem } from "./canvas.ts";
import type { Bytes } from "./formats/bytes.ts";
import type * as Formats from "./formats/images.chunk.ts";
import type { PreparedFile } from "./formats/prepare.ts";
import type { Probe } from "./formats/probe.ts";
import { isA, sizeOf } from "./image_source.ts";
import { elementImage, type ElementImage } from "./transferable.ts";

type ExifOrientation = PreprocessingInfo["exif_orientation"];

/** Decoded pixels, and why they may differ from Pillow's; empty where they are equal. */
export interface Decoded {
  pixels: ImageData;
  by: DecodedBy;
  inexact: string;
}

/** Whether the file of an <img> is not the image that it shows. */
class ChangedFileError extends DecodeError {
  readonly changed = true;
}

/**
 * Decodes `source` at its own size. The pixels of a file are those of Pillow's `convert("RGB")`: without colour profile,
 * alpha dropped, Exif orientation applied if `exif` says so. Raises DecodeError, and DownloadError or IntegrityError for
 * the chunk with the decoders, from the site at `base`.
 */
export async function decode(
  source: ImageSource | ElementImage,
  exif: ExifOrientation,
  base: URL,
): Promise<Decoded> {
  if (source instanceof Blob) return decodeBlob(source, exif, await importFormats(base));
  if (source instanceof ImageData) return { pixels: source, by: "none", inexact: "" };
  if (isA("HTMLImageElement", source)) {
    const image = await elementImage(source as HTMLImageElement);
    return decodeElement(image, exif, await importFormats(base));
  }
  if (isElementImage(source)) return decodeElement(source, exif, await importFormats(base));
  const { width, height } = sizeOf(source);
  const pixels = readBack(source, width, height);
  return { pixels, by: "canvas", inexact: readBackProblem() };
}

/** The decoders of image files, a chunk of the loader. Raises DownloadError or IntegrityError. */
export async function importFormats(base: URL): Promise<typeof Formats> {
  return (await importChunk(base, "images")) as typeof Formats;
}

/** Whether decoding failed because a worker got the file of an <img> instead of what it shows. */
export function needsShown(error: unknown): boolean {
  return error instanceof DecodeError && "changed" in error;
}

async function decodeBlob(
  blob: Blob,
  exif: ExifOrientation,
  { prepare, place, orient, FormatError }: typeof Formats,
): Promise<Decoded> {
  if (blob.size === 0) throw new DecodeError("The file is empty (0 bytes).");
  let prepared: PreparedFile;
  let pixels: ImageData;
  try {
    prepared = await prepare(new Uint8Array(await blob.arrayBuffer()));
    pixels = prepared.pixels ?? (await decodeByBrowser(prepared.bytes));
    prepared.split?.merge(pixels, await decodeByBrowser(prepared.split.black));
    // A damaged file may declare a canvas that exceeds the memory.
    if (prepared.placement) pixels = place(pixels, prepared.placement);
    if (exif === "apply") pixels = orient(pixels, prepared.orientation);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (error instanceof FormatError) throw new DecodeError(error.message, { cause: error });
    const kind = blob.type ? ` of type ${blob.type}` : "";
    throw new DecodeError(
      `The file (${blob.size} bytes${kind}) is damaged, or not an image that this browser can read, such as JPEG, PNG or WebP.`,
      { cause: error },
    );
  }
  if (prepared.pixels) return { pixels, by: "script", inexact: "" };
  const { inexact, probe } = prepared;
  const failed = probe && !(await passes(probe)) ? probe.inexact : "";
  return { pixels, by: "canvas", inexact: inexact || failed || readBackProblem() };
}

async function decodeByBrowser(bytes: Bytes): Promise<ImageData> {
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

/** Whether this browser decodes a known file as Pillow does; run once for each probe. */
function passes(probe: Probe): Promise<boolean> {
  const known = probed.get(probe) ?? runProbe(probe);
  probed.set(probe, known);
  return known;
}

async function runProbe({ file, sum }: Probe): Promise<boolean> {
  const { data } = await decodeByBrowser(file);
  let index = 0;
  const found = data.reduce(
    (total, value, i) => (i % 4 === 3 ? total : total + value * ++index),
    0,
  );
  return found === sum;
}

/**
 * Decodes an <img> from its file, as the element itself shows converted colours; from what it shows where the file cannot
 * be fetched again or has become another image.
 */
async function decodeElement(
  { file, shown, width, height }: ElementImage,
  exif: ExifOrientation,
  formats: typeof Formats,
): Promise<Decoded> {
  try {
    if (file) {
      const decoded = await decodeBlob(file, exif, formats);
      // An Exif orientation rotates what the element shows, but not the stored pixels.
      const size = [decoded.pixels.width, decoded.pixels.height];
      if (size.includes(width) && size.includes(height)) return decoded;
    }
  } catch {
    // Such as an SVG, which only the element can show.
  }
  if (!shown) throw new ChangedFileError("The file of the <img> is not the image that it shows.");
  const inexact = "the file of the <img> could not be read again, only what the element shows";
  return { pixels: readBack(shown, width, height), by: "canvas", inexact };
}

function isElementImage(source: object): source is ElementImage {
  return Object.getPrototypeOf(source) === Object.prototype && "shown" in source;
}
