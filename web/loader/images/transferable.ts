/** Images in a form that can be posted to a worker: DOM elements cannot. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import { isA, sizeOf } from "./image_source.ts";

/** An <img>: its file, if it can be fetched again, else what it shows. */
export interface ElementImage {
  file: Blob | undefined;
  shown: CanvasImageSource | undefined;
  width: number;
  height: number;
}

/** An image that can be posted to a worker. */
export type TransferableImage = Blob | ImageBitmap | ImageData | VideoFrame | ElementImage;

export interface Transfer {
  image: TransferableImage;
  /** What of it is moved rather than copied. */
  transfer: Transferable[];
}

/**
 * Converts `source` for a worker. Only copies made here are moved: the page keeps its objects. `shown` asks for what an
 * <img> shows instead of its file. Raises DecodeError.
 */
export async function toTransferable(source: ImageSource, shown: boolean): Promise<Transfer> {
  if (isA("HTMLImageElement", source)) {
    const element = source as HTMLImageElement;
    const image = await elementImage(element, shown);
    if (image.file) return { image: { ...image, shown: undefined }, transfer: [] };
    const bitmap = await bitmapOf(element);
    return { image: { ...image, shown: bitmap }, transfer: [bitmap] };
  }
  if (source instanceof Blob || source instanceof ImageData) {
    return { image: source, transfer: [] };
  }
  sizeOf(source); // raises for an empty source
  if (isA("ImageBitmap", source)) return { image: source as ImageBitmap, transfer: [] };
  if (isA("VideoFrame", source)) {
    const frame = (source as VideoFrame).clone(); // shares its pixels
    return { image: frame, transfer: [frame] };
  }
  const bitmap = await bitmapOf(source);
  return { image: bitmap, transfer: [bitmap] };
}

/** An <img> by its file, unless `shown`. Raises DecodeError. */
export async function elementImage(
  element: HTMLImageElement,
  shown = false,
): Promise<ElementImage> {
  try {
    await element.decode();
  } catch (error) {
    throw new DecodeError(`The <img> has no image: ${element.currentSrc || "no src"}`, {
      cause: error,
    });
  }
  const { naturalWidth: width, naturalHeight: height } = element;
  const image = { file: undefined, shown: element, width, height };
  if (shown) return image;
  try {
    const response = await fetch(element.currentSrc, { cache: "force-cache" });
    return { ...image, file: await response.blob() };
  } catch {
    return image; // another origin, the page's CSP, or a URL that can be fetched once only
  }
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
