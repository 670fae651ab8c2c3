import { DecodeError, Torch2WebError } from "../api/errors.ts";
import type { DecodedBy, ImageSource, Orientation } from "../api/image.ts";
import type { PreprocessingInfo } from "../api/preprocessing.ts";
import { importChunk } from "../fetch/chunks/chunks.ts";
import { decodeByBrowser, DECODER, decoderProblem } from "./browser_decoder.ts";
import { drawn, readBack, readBackProblem, transparency } from "./canvas.ts";
import { UNREADABLE_FILE, type ElementImage } from "./element_image.ts";
import type * as Formats from "./formats/images.chunk.ts";
import type { PreparedFile } from "./formats/prepare.ts";
import { isBlob, isImageData, sizeOf, tagOf } from "./image_source.ts";
import { passes } from "./probes.ts";

type ExifOrientation = PreprocessingInfo["exif_orientation"];

/** An image whose file is in memory. */
export type ReadImage = Exclude<ImageSource, string | URL | HTMLImageElement> | ElementImage;

/** Decoded pixels, and why they may differ from Pillow's; empty where they are equal. */
export interface Decoded {
  pixels: ImageData;
  by: DecodedBy;
  inexact: string;
  orientation: Orientation;
}

/** Of a source that is no file. */
const UPRIGHT: Orientation = { exif: 1, applied: false };

const TRANSPARENT = "it has transparent pixels, whose colours are not those that one sees";

/** Whether the loader cannot read the file of an <img>. */
class NeedsShownError extends DecodeError {
  readonly needsShown = true;
}

/**
 * Decodes `source` at its own size. The pixels of a file are those of Pillow's `convert("RGB")`: without colour profile,
 * alpha dropped, Exif orientation applied if `exif` says so. Raises DecodeError, DownloadError or IntegrityError for
 * the chunk with the decoders.
 */
export async function decode(source: ReadImage, exif: ExifOrientation): Promise<Decoded> {
  if (isBlob(source)) return decodeBlob(source, exif, await importFormats());
  if (isImageData(source)) return decodeImageData(source);
  if (isElementImage(source)) return decodeElement(source, exif);
  return decodeShown(source);
}

/** 8 bits of sRGB are taken as they are; other values are converted by a canvas, as it shows them. */
function decodeImageData(image: ImageData): Decoded {
  const { data, width, height } = image;
  const { colorSpace = "srgb" } = image as Partial<ImageData>; // unknown to older browsers
  if (tagOf(data) === "Uint8ClampedArray" && colorSpace === "srgb") {
    return { pixels: image, by: "none", inexact: "", orientation: UPRIGHT };
  }
  return pixelsShown(drawn(image, width, height), width, height);
}

/** What a canvas, bitmap, video or frame shows. */
function decodeShown(source: Exclude<ReadImage, Blob | ImageData | ElementImage>): Decoded {
  const { width, height } = sizeOf(source);
  return pixelsShown(source, width, height);
}

function pixelsShown(source: CanvasImageSource, width: number, height: number): Decoded {
  const pixels = readBack(source, width, height);
  const transparent = transparency(pixels);
  if (transparent === "all") {
    throw new DecodeError(
      `The ${tagOf(source)} (${width} × ${height}) is transparent everywhere: nothing was drawn on it, it was cleared, ` +
        "or it is larger than this device can draw.",
    );
  }
  const inexact = transparent === "some" ? TRANSPARENT : readBackProblem();
  return { pixels, by: "canvas", inexact, orientation: UPRIGHT };
}

/** Decoders of image files and preprocessing, a chunk of the loader. Raises DownloadError or IntegrityError. */
export async function importFormats(): Promise<typeof Formats> {
  return (await importChunk("images")) as typeof Formats;
}

/** Whether decoding failed because a worker got the file of an <img> instead of what it shows. */
export function needsShown(error: unknown): boolean {
  return error instanceof DecodeError && "needsShown" in error;
}

async function decodeBlob(
  blob: Blob,
  exif: ExifOrientation,
  { prepare, place, orient, FormatError }: typeof Formats,
): Promise<Decoded> {
  if (blob.size === 0) throw new DecodeError("The file is empty (0 bytes).");
  let prepared: PreparedFile | undefined;
  let pixels: ImageData;
  let applied: boolean;
  try {
    prepared = await prepare(new Uint8Array(await blob.arrayBuffer()));
    applied = exif === "apply" && prepared.orientation > 1;
    pixels = prepared.pixels ?? (await decodeByBrowser(prepared.bytes, prepared.size));
    prepared.split?.merge(pixels, await decodeByBrowser(prepared.split.black, prepared.size));
    // A damaged file may declare a canvas that exceeds the memory.
    if (prepared.placement) pixels = place(pixels, prepared.placement);
    if (applied) pixels = orient(pixels, prepared.orientation);
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    if (error instanceof FormatError) throw new DecodeError(error.message, { cause: error });
    throw new DecodeError(prepared?.advice || unreadable(blob), { cause: error });
  }
  const orientation = { exif: prepared.orientation, applied };
  if (prepared.pixels) return { pixels, by: "script", inexact: prepared.inexact, orientation };
  const { inexact, probe } = prepared;
  const failed = probe && !(await passes(probe)) ? probe.inexact : "";
  const altered = decoderProblem(prepared.bytes);
  return { pixels, by: DECODER, inexact: inexact || failed || altered, orientation };
}

function unreadable({ size, type }: Blob): string {
  const kind = type ? ` of type ${type}` : "";
  return `The file (${size} bytes${kind}) is damaged, or not an image that can be read here; JPEG, PNG and WebP can.`;
}

/** Decodes an <img> from its file, as the element itself shows converted colours, else from what it shows. */
async function decodeElement(
  { file, shown, width, height, inexact }: ElementImage,
  exif: ExifOrientation,
): Promise<Decoded> {
  if (file) {
    try {
      const decoded = await decodeBlob(file, exif, await importFormats());
      return { ...decoded, inexact: decoded.inexact || inexact };
    } catch (error) {
      if (error instanceof Torch2WebError && !(error instanceof DecodeError)) throw error;
      if (!shown) throw new NeedsShownError("The loader cannot read the file of the <img>.");
    }
  }
  const decoded = pixelsShown(shown!, width, height);
  return { ...decoded, inexact: file ? UNREADABLE_FILE : inexact };
}

function isElementImage(source: object): source is ElementImage {
  return tagOf(source) === "Object" && "shown" in source;
}
