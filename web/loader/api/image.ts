/** What `predict` takes. */
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
 * How the pixels were decoded: `"script"` by the loader's own decoder, `"canvas"` by the browser's and read back from a
 * canvas, `"none"` where the source has pixels already.
 */
export type DecodedBy = "script" | "canvas" | "none";
