/** Pictures in a form that can leave the page for a worker: elements stay behind. */
import { DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import { isA, measured } from "./image_source.ts";

/** An <img>: the file that it shows where that can be had again, else what it shows. */
export interface ElementPicture {
  file: Blob | undefined;
  shown: CanvasImageSource | undefined;
  width: number;
  height: number;
}

/** What a worker can be given. */
export type Portable = Blob | ImageBitmap | ImageData | VideoFrame | ElementPicture;

/** A picture, and what of it may be taken from the page. */
export interface Sent {
  picture: Portable;
  transfer: Transferable[];
}

/**
 * `source` for a worker. The page keeps what it has: only copies made here are handed over. `shown` asks for what an
 * <img> shows instead of its file. Raises DecodeError.
 */
export async function portable(source: ImageSource, shown: boolean): Promise<Sent> {
  if (isA("HTMLImageElement", source)) {
    const image = source as HTMLImageElement;
    const picture = await elementPicture(image, shown);
    if (picture.file) return { picture: { ...picture, shown: undefined }, transfer: [] };
    const bitmap = await bitmapOf(image);
    return { picture: { ...picture, shown: bitmap }, transfer: [bitmap] };
  }
  if (source instanceof Blob || source instanceof ImageData) {
    return { picture: source, transfer: [] };
  }
  measured(source);
  if (isA("ImageBitmap", source)) return { picture: source as ImageBitmap, transfer: [] };
  if (isA("VideoFrame", source)) {
    const frame = (source as VideoFrame).clone(); // shares its pixels
    return { picture: frame, transfer: [frame] };
  }
  const bitmap = await bitmapOf(source as HTMLCanvasElement);
  return { picture: bitmap, transfer: [bitmap] };
}

/** The picture of an <img> by its file, unless `shown`. Raises DecodeError. */
export async function elementPicture(
  image: HTMLImageElement,
  shown = false,
): Promise<ElementPicture> {
  try {
    await image.decode();
  } catch (error) {
    throw new DecodeError(`The <img> has no picture: ${image.currentSrc || "no src"}`, {
      cause: error,
    });
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  const picture = { file: undefined, shown: image, width, height };
  if (shown) return picture;
  try {
    const response = await fetch(image.currentSrc, { cache: "force-cache" });
    return { ...picture, file: await response.blob() };
  } catch {
    // Another origin, a page whose CSP forbids it, an address that answers once.
    return picture;
  }
}

async function bitmapOf(source: ImageBitmapSource): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source, { colorSpaceConversion: "none" });
  } catch (error) {
    throw new DecodeError(
      "The picture cannot be read: it comes from another origin without CORS, was closed, " +
        "or is larger than this device can hold.",
      { cause: error },
    );
  }
}
