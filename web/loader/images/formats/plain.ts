import { plainAvif } from "./avif.ts";
import { decodeBmp } from "./bmp.ts";
import { textAt, viewOf, type Bytes } from "./bytes.ts";
import type { Split } from "./cmyk.ts";
import { plainGif } from "./gif.ts";
import { pictureOfIcon } from "./ico.ts";
import { plainJpeg } from "./jpeg.ts";
import type { Placement } from "./placement.ts";
import { decodePng, pngOrientation } from "./png.ts";
import type { Probe } from "./probe.ts";
import { plainWebp } from "./webp.ts";

/** What to hand to the browser's decoder, or the pixels where it cannot be brought to give them. */
export interface Plain {
  bytes: Bytes;
  pixels?: ImageData;
  /** As the file names it, 1 to 8; `bytes` and `pixels` are as stored. */
  orientation: number;
  /** Of `bytes` or `pixels`, which are a first frame, on the picture. */
  placement?: Placement;
  /** `bytes` are a part of the picture only, the other one is here. */
  split?: Split;
  /** Why the decoded pixels are not Pillow's; empty where they are. */
  inexact: string;
  /** What this browser has to decode rightly for the pixels to be Pillow's. */
  probe?: Probe;
}

/**
 * A picture file reduced to its stored samples: without orientation, colour profile, gamma and alpha, which
 * browsers apply and Pillow's `convert("RGB")` leaves out of account. What is left, browsers decode alike.
 * Raises FormatError for a file that ends too early, as Pillow does.
 */
export async function plain(file: Bytes): Promise<Plain> {
  const unchanged = { bytes: file, orientation: 1, inexact: "" };
  if (startsWith(file, 0, "\xff\xd8\xff")) return { ...unchanged, ...plainJpeg(file) };
  if (startsWith(file, 0, "\x89PNG\r\n\x1a\n")) {
    return { ...unchanged, orientation: pngOrientation(file), pixels: await decodePng(file) };
  }
  if (startsWith(file, 0, "RIFF") && startsWith(file, 8, "WEBP")) {
    return { ...unchanged, ...plainWebp(file) };
  }
  if (startsWith(file, 0, "GIF8")) return { ...unchanged, ...plainGif(file) };
  if (isAvif(file)) return { ...unchanged, ...plainAvif(file) };
  if (startsWith(file, 0, "\0\0\x01\0")) return plain(pictureOfIcon(file));
  if (startsWith(file, 0, "BM")) {
    const pixels = decodeBmp(file);
    return pixels ? { ...unchanged, pixels } : unchanged;
  }
  return { ...unchanged, inexact: "this kind of file was never compared with what Pillow reads" };
}

/** By its brands, which HEIC has others of (ISO/IEC 14496-12). */
function isAvif(file: Bytes): boolean {
  if (!startsWith(file, 4, "ftyp")) return false;
  const brands = textAt(file, 8, Math.min(viewOf(file).getUint32(0), 256) - 8);
  return /^(?:....)*avi[fs]/s.test(brands);
}

function startsWith(bytes: Bytes, at: number, text: string): boolean {
  return textAt(bytes, at, text.length) === text;
}
