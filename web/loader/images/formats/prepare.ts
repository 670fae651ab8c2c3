import { prepareAvif } from "./avif/avif.ts";
import { decodeBmp, decodeDibFile } from "./bmp/bmp.ts";
import { isDib } from "./bmp/bmp_header.ts";
import { textAt, viewOf, type Bytes } from "./bytes.ts";
import type { Split } from "./jpeg/cmyk.ts";
import { decodeGif } from "./gif/gif.ts";
import { imageInIcon } from "./bmp/ico.ts";
import { prepareJpeg } from "./jpeg/jpeg.ts";
import type { Placement } from "./placement.ts";
import { decodePng } from "./png/png.ts";
import { PNG_SIGNATURE } from "./png/png_chunks.ts";
import type { Probe } from "./probe.ts";
import { prepareWebp } from "./webp/webp.ts";

/** A file for the browser's decoder, or pixels where browsers cannot decode it exactly. */
export interface PreparedFile {
  bytes: Bytes;
  pixels?: ImageData;
  /** Of `bytes`, where the header was read. */
  size?: { width: number; height: number };
  /** Exif orientation, 1 to 8; not applied to `bytes` and `pixels`. */
  orientation: number;
  /** Position of a first frame in the image. */
  placement?: Placement;
  /** `bytes` are one of the two files that the image was split into. */
  split?: Split;
  /** Why the decoded pixels may differ from Pillow's; empty where they are equal. */
  inexact: string;
  /** What to do where the browser cannot decode it. */
  advice?: string;
  /** The pixels are Pillow's only in browsers that pass this probe. */
  probe?: Probe;
}

/**
 * Removes what browsers apply and Pillow's `convert("RGB")` ignores: orientation, colour profile, gamma and alpha. All
 * browsers decode the rest alike; otherwise the file is decoded here. Raises FormatError for a truncated file, as Pillow
 * does.
 */
export async function prepare(file: Bytes): Promise<PreparedFile> {
  const unchanged = { bytes: file, orientation: 1, inexact: "" };
  if (startsWith(file, 0, "\xff\xd8\xff")) return { ...unchanged, ...prepareJpeg(file) };
  if (startsWith(file, 0, PNG_SIGNATURE)) {
    return { ...unchanged, ...(await decodePng(file)) };
  }
  if (startsWith(file, 0, "RIFF") && startsWith(file, 8, "WEBP")) {
    return { ...unchanged, ...prepareWebp(file) };
  }
  if (startsWith(file, 0, "GIF87a") || startsWith(file, 0, "GIF89a")) {
    return { ...unchanged, pixels: decodeGif(file) };
  }
  if (isAvif(file)) return { ...unchanged, ...prepareAvif(file) };
  if (startsWith(file, 0, "\0\0\x01\0")) {
    const image = imageInIcon(file);
    return image instanceof ImageData ? { ...unchanged, pixels: image } : prepare(image);
  }
  if (startsWith(file, 0, "BM")) return { ...unchanged, pixels: decodeBmp(file) };
  if (isDib(file, 0)) return { ...unchanged, pixels: decodeDibFile(file) };
  const inexact = "this kind of file was never compared with what Pillow reads";
  return { ...unchanged, inexact, advice: adviceFor(file) };
}

/** What to do with a file of a kind that most browsers cannot decode; empty for an unknown one. */
function adviceFor(file: Bytes): string {
  if (/^ftyp(?:he[im][cfsx]|hev[cx]|mif1|msf1)/.test(textAt(file, 4, 8))) {
    return (
      "The file is a HEIC photo, which cannot be read here. Share it as JPEG: on an iPhone choose " +
      "Settings, Camera, Formats, Most Compatible, or send the photo by mail, which converts it."
    );
  }
  return /^(?:\u00ef\u00bb\u00bf)?\s*<(?:\?xml|svg|!--)/i.test(textAt(file, 0, 256))
    ? "The file is an SVG drawing, not an image of pixels; export it as PNG."
    : "";
}

/** By its brands; those of HEIC differ (ISO/IEC 14496-12). */
function isAvif(file: Bytes): boolean {
  if (!startsWith(file, 4, "ftyp")) return false;
  const brands = textAt(file, 8, Math.min(viewOf(file).getUint32(0), 256) - 8);
  return /^(?:....)*avi[fs]/s.test(brands);
}

function startsWith(bytes: Bytes, at: number, text: string): boolean {
  return textAt(bytes, at, text.length) === text;
}
