import { plainAvif } from "./avif.ts";
import { decodeBmp } from "./bmp.ts";
import { textAt, type Bytes } from "./bytes.ts";
import { plainGif } from "./gif.ts";
import { plainJpeg } from "./jpeg.ts";
import { decodePng, needsOwnDecoder, plainPng, pngOrientation } from "./png.ts";
import { plainWebp } from "./webp.ts";

/** What to hand to the browser's decoder, or the pixels where it cannot be brought to give them. */
export interface Plain {
  bytes: Bytes;
  pixels?: ImageData;
  /** As the file names it, 1 to 8; `bytes` and `pixels` are as stored. */
  orientation: number;
  /** Alpha is still in it. */
  hasAlpha: boolean;
  /** Why the decoded pixels are not Pillow's; empty where they are. */
  inexact: string;
  /** What this browser has to decode rightly for the pixels to be Pillow's. */
  probe?: Probe;
}

/** A tiny file of known pixels. */
export interface Probe {
  file: Bytes;
  /** Sum over all channel values, red, green and blue in turn, each times its place counted from 1. */
  sum: number;
  /** What to say of a browser that decodes it in another way. */
  inexact: string;
}

/**
 * A picture file reduced to its stored samples: without orientation, colour profile, gamma and alpha, which
 * browsers apply and Pillow's `convert("RGB")` leaves out of account. What is left, browsers decode alike.
 * Raises FormatError for a file that ends too early, as Pillow does.
 */
export async function plain(file: Bytes): Promise<Plain> {
  const unchanged = { bytes: file, orientation: 1, hasAlpha: false, inexact: "" };
  if (startsWith(file, 0, "\xff\xd8\xff")) return { ...unchanged, ...plainJpeg(file) };
  if (startsWith(file, 0, "\x89PNG\r\n\x1a\n")) {
    const orientation = pngOrientation(file);
    if (!needsOwnDecoder(file)) return { ...unchanged, orientation, bytes: plainPng(file) };
    return { ...unchanged, orientation, pixels: await decodePng(file) };
  }
  if (startsWith(file, 0, "RIFF") && startsWith(file, 8, "WEBP")) {
    return { ...unchanged, ...plainWebp(file) };
  }
  if (startsWith(file, 0, "GIF8")) return { ...unchanged, bytes: plainGif(file) };
  if (startsWith(file, 4, "ftyp")) return { ...unchanged, ...plainAvif(file) };
  const pixels = startsWith(file, 0, "BM") && decodeBmp(file);
  return pixels ? { ...unchanged, pixels } : unchanged;
}

function startsWith(bytes: Bytes, at: number, text: string): boolean {
  return textAt(bytes, at, text.length) === text;
}
