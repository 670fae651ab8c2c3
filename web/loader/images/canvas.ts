/** Pixels by way of a canvas, and whether this browser alters them. */
import { DecodeError } from "../api/errors.ts";

type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;

/** The pixels of `source`. Raises DecodeError. */
export function readBack(source: CanvasImageSource, width: number, height: number): ImageData {
  const context = contextOf(width, height);
  try {
    context.drawImage(source, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  } catch (error) {
    throw new DecodeError(
      `The image (${width} × ${height}) cannot be read back: ` +
        "it comes from another origin without CORS, was closed, or is larger than this device can hold.",
      { cause: error },
    );
  }
}

let altered: string | undefined;

/** Why pixels read back from a canvas are inexact: some browsers alter them against fingerprinting. Empty if they do not. */
export function readBackProblem(): string {
  if (altered === undefined) {
    const known = new ImageData(16, 16);
    known.data.forEach((_, i, data) => (data[i] = i % 4 === 3 ? 255 : (i * 89) & 255));
    const context = contextOf(16, 16);
    context.putImageData(known, 0, 0);
    const found = readBack(context.canvas, 16, 16);
    const same = known.data.every((value, i) => value === found.data[i]);
    altered = same ? "" : "this browser alters what pages read back from a canvas";
  }
  return altered;
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
