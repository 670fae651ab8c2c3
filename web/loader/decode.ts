import { DecodeError } from "./errors.ts";

/** Whatever a page may hold a picture in. */
export type ImageSource =
  | Blob
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/**
 * The pixels of `source` at its own size. Of a file they are the ones that Pillow reads: no colour profile
 * applied. Raises DecodeError.
 */
export async function decode(source: ImageSource): Promise<ImageData> {
  if (source instanceof Blob) return decodeBlob(source);
  if (source instanceof ImageData) return source;
  if (isA("HTMLImageElement", source)) return decodeElement(source as HTMLImageElement);
  const { width, height } = sizeOf(source);
  if (!width || !height) {
    throw new DecodeError(
      isA("HTMLVideoElement", source)
        ? "The video has no frame yet; wait for its 'loadeddata' event."
        : "The source is empty (0 × 0 pixels), closed or detached.",
    );
  }
  return readBack(source as CanvasImageSource, width, height);
}

async function decodeBlob(blob: Blob): Promise<ImageData> {
  if (blob.size === 0) throw new DecodeError("The file is empty (0 bytes).");
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch (error) {
    const kind = blob.type ? ` of type ${blob.type}` : "";
    throw new DecodeError(
      `The file (${blob.size} bytes${kind}) is damaged or no picture that this browser can read, such as JPEG, PNG or WebP.`,
      { cause: error },
    );
  }
  try {
    return readBack(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

/**
 * An <img> by its file, since the element itself shows converted colours. Where the file cannot be had again,
 * or is another picture by now, by what the element shows.
 */
async function decodeElement(image: HTMLImageElement): Promise<ImageData> {
  try {
    await image.decode();
  } catch (error) {
    throw new DecodeError(`The <img> has no picture: ${image.currentSrc || "no src"}`, {
      cause: error,
    });
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  try {
    const response = await fetch(image.currentSrc, { cache: "force-cache" });
    const pixels = await decodeBlob(await response.blob());
    if (pixels.width === width && pixels.height === height) return pixels;
  } catch {
    // Another origin, a page whose CSP forbids it, an SVG, an address that answers once.
  }
  return readBack(image, width, height);
}

function sizeOf(source: ImageSource): { width: number; height: number } {
  if (isA("HTMLVideoElement", source)) {
    const video = source as HTMLVideoElement;
    return { width: video.videoWidth, height: video.videoHeight };
  }
  if (isA("VideoFrame", source)) {
    const frame = source as VideoFrame;
    return { width: frame.displayWidth, height: frame.displayHeight };
  }
  if (["ImageBitmap", "HTMLCanvasElement", "OffscreenCanvas"].some((name) => isA(name, source))) {
    const { width, height } = source as ImageBitmap;
    return { width, height };
  }
  throw new DecodeError(
    `A ${Object.prototype.toString.call(source).slice(8, -1)} is no picture; ` +
      "give a Blob, ImageBitmap, ImageData, <img>, <canvas>, <video> or VideoFrame.",
  );
}

/** Like instanceof, for classes that not every browser or worker has. */
function isA(name: string, source: unknown): boolean {
  const constructor = (globalThis as Record<string, unknown>)[name];
  return typeof constructor === "function" && source instanceof constructor;
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
  const canvas =
    typeof OffscreenCanvas === "undefined"
      ? Object.assign(document.createElement("canvas"), { width, height })
      : new OffscreenCanvas(width, height);
  // Kept in main memory, where it is read back from.
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" }) as
    OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D | null;
  if (!context) throw new DecodeError("This browser gives no 2D canvas to read pictures with.");
  return context;
}
