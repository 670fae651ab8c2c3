import { textAt, viewOf } from "./bytes.ts";

const ORIENTATION_TAG = 0x0112;

/** What a file says of its orientation. */
export interface Metadata {
  /** Exif data (CIPA DC-008), with or without its header. */
  exif?: Uint8Array;
  /** ImageMagick's text chunk with Exif data in hexadecimal digits. */
  rawProfile?: string;
  xmp?: Uint8Array;
}

/**
 * The orientation, 1 to 8, that Pillow's `exif_transpose` applies: of the Exif data or, where it has none, of the XMP data
 * (`Image.getexif`); 1 if there is none, or Pillow does not understand it.
 */
export function orientationOf({ exif, rawProfile, xmp }: Metadata): number {
  const data = exif ?? (rawProfile === undefined ? undefined : fromHex(rawProfile));
  const value = data ? exifOrientation(data) : undefined;
  return valid(value ?? xmpOrientation(xmp));
}

/** The value of the tag in Exif data, a TIFF file; NaN where Pillow cannot read it, undefined if it has none. */
export function exifOrientation(exif: Uint8Array): number | undefined {
  let tiff = exif;
  for (let i = 0; i < 2 && textAt(tiff, 0, 6) === "Exif\0\0"; i++) tiff = tiff.subarray(6);
  if (!tiff.length) return undefined;
  const view = viewOf(tiff);
  const header = textAt(tiff, 0, 4);
  const little = header.startsWith("II");
  if (tiff.length < 8 || !HEADERS.includes(header)) return NaN;
  let dataSize = 0;
  try {
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let at = directory + 2; at < directory + 2 + entries * 12; at += 12) {
      const [tag, type] = [view.getUint16(at, little), view.getUint16(at + 2, little)];
      const size = view.getUint32(at + 4, little) * (TYPE_SIZES[type] ?? 0);
      const last = view.getUint32(at + 8, little); // raises at the end
      if (size > 4) {
        dataSize += size;
        if (dataSize > tiff.length) continue;
        if (last + size > tiff.length) return undefined;
      }
      if (tag === ORIENTATION_TAG && size)
        return read(view, type, size > 4 ? last : at + 8, little);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // truncated: ignored, as by Pillow
  }
  return undefined;
}

/** Starts of TIFF files that Pillow reads; some are wrong. BigTIFF needs a longer header than Exif data has. */
const HEADERS = ["MM\0*", "II*\0", "MM*\0", "II\0*", "MM\0+"];

/** Bytes of a value by type (TIFF 6.0, section 2; BigTIFF). */
const TYPE_SIZES: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
};

/** NaN for bytes and text, which Pillow does not take for numbers. */
function read(view: DataView, type: number, at: number, little: boolean): number {
  switch (type) {
    case 3:
      return view.getUint16(at, little);
    case 4:
    case 13:
      return view.getUint32(at, little);
    case 5:
      return view.getUint32(at, little) / view.getUint32(at + 4, little);
    case 6:
      return view.getInt8(at);
    case 8:
      return view.getInt16(at, little);
    case 9:
      return view.getInt32(at, little);
    case 10:
      return view.getInt32(at, little) / view.getInt32(at + 4, little);
    case 11:
      return view.getFloat32(at, little);
    case 12:
      return view.getFloat64(at, little);
    case 16:
      return Number(view.getBigUint64(at, little));
    default:
      return NaN;
  }
}

/** Pillow looks for an attribute or an element, and for one digit. */
function xmpOrientation(xmp: Uint8Array | undefined): number | undefined {
  if (!xmp) return undefined;
  const text = new TextDecoder("latin1").decode(xmp);
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(text);
  return found ? Number(found[1]) : undefined;
}

/** Empty where Pillow raises. */
function fromHex(profile: string): Uint8Array {
  const digits = profile.split("\n").slice(3).join("").replace(/\s/g, "");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function valid(value: number | undefined): number {
  return value !== undefined && value >= 1 && value <= 8 && Number.isInteger(value) ? value : 1;
}

/** Applies an Exif orientation: Pillow's `exif_transpose`. */
export function orient(image: ImageData, orientation: number): ImageData {
  if (orientation <= 1) return image;
  const { width, height } = image;
  const transposed = orientation >= 5;
  const result = new ImageData(transposed ? height : width, transposed ? width : height);
  const from = new Uint32Array(image.data.buffer);
  const to = new Uint32Array(result.data.buffer);
  // From 5 on, columns and rows are swapped too.
  const mirrorX = [2, 3, 7, 8].includes(orientation);
  const mirrorY = [3, 4, 6, 7].includes(orientation);
  for (let y = 0, at = 0; y < result.height; y++) {
    for (let x = 0; x < result.width; x++, at++) {
      const [column, row] = transposed ? [y, x] : [x, y];
      const sourceX = mirrorX ? width - 1 - column : column;
      const sourceY = mirrorY ? height - 1 - row : row;
      to[at] = from[sourceY * width + sourceX]!;
    }
  }
  return result;
}
