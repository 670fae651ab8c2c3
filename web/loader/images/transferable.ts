/** Images in a form that can be posted to a worker: DOM elements cannot. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import { drawn } from "./canvas.ts";
import { elementImage, type ElementImage } from "./element_image.ts";
import { fetchImage } from "./fetch_image.ts";
import { isAddress, isBlob, isImageData, isImageElement, sizeOf, tagOf } from "./image_source.ts";

/** An image that can be posted to a worker. */
export type TransferableImage = Blob | ImageBitmap | ImageData | VideoFrame | ElementImage;

export interface Transfer {
  image: TransferableImage;
  /** What of it is moved rather than copied. */
  transfer: Transferable[];
}

/**
 * Converts `source` for a worker. Only copies made here are moved: the page keeps its objects. `shown` asks for what an
 * <img> shows instead of its file. Raises DecodeError, DownloadError for an address, and the signal's reason.
 */
export async function toTransferable(
  source: ImageSource,
  shown: boolean,
  signal?: AbortSignal,
): Promise<Transfer> {
  if (isImageElement(source)) {
    const image = await elementImage(source, shown, signal);
    if (image.file) return { image: { ...image, shown: undefined }, transfer: [] };
    // Refused for an SVG without a size of its own.
    const bitmap = await bitmapOf(source).catch(() =>
      bitmapOf(drawn(source, image.width, image.height)),
    );
    return { image: { ...image, shown: bitmap }, transfer: [bitmap] };
  }
  if (isAddress(source)) return { image: await fetchImage(source, signal), transfer: [] };
  if (isBlob(source) || isImageData(source)) return { image: source, transfer: [] };
  sizeOf(source); // raises for an empty source
  if (tagOf(source) === "ImageBitmap") return { image: source as ImageBitmap, transfer: [] };
  if (tagOf(source) === "VideoFrame") {
    const frame = (source as VideoFrame).clone(); // shares its pixels
    return { image: frame, transfer: [frame] };
  }
  const bitmap = await bitmapOf(source);
  return { image: bitmap, transfer: [bitmap] };
}

async function bitmapOf(source: ImageBitmapSource): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source, { colorSpaceConversion: "none" });
  } catch (error) {
    throw new DecodeError(
      "The image cannot be read: it comes from another origin without CORS, was closed, " +
        "or is larger than this device can hold.",
      { cause: error },
    );
  }
}
