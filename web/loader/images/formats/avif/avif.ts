import { boxesOfFile } from "./avif_boxes.ts";
import {
  contentOfKind,
  imageOfItems,
  imageOfSequence,
  isNclx,
  type AvifImage,
} from "./avif_image.ts";
import { readMeta } from "./avif_meta.ts";
import { SUBSAMPLING_PROBE } from "./avif_probe.ts";
import { writeAvif } from "./avif_writer.ts";
import { textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import { exifOrientation, orientationOf } from "../orientation.ts";
import type { Probe } from "../probe.ts";
import { checkSize } from "../size.ts";

/** Brands by which Pillow's plugin recognises a file. */
const MAJOR_BRANDS = ["avif", "avis", "mif1", "msf1"];

/** `high_bitdepth`, `monochrome` and `chroma_subsampling_x` in the third byte of `av1C` (AV1-ISOBMFF). */
const HIGH_DEPTH = 0x40;
const MONOCHROME = 0x10;
const SUBSAMPLED_COLOUR = 0x08;

/** Matrix coefficients (ITU-T H.273) that libavif does not convert, and one that browsers do not. */
const UNREADABLE = [3, 10, 11, 13, 14];
const UNKNOWN_FROM = 18;
const IPT = 15;

/**
 * Reads an AVIF (ISO/IEC 23008-12) as libavif does, and writes its image anew, alone: without rotation, mirroring, crop,
 * profile and alpha, and without the damage that browsers refuse and Pillow ignores. Raises FormatError for files that Pillow
 * refuses.
 */
export function prepareAvif(file: Bytes): {
  bytes: Bytes;
  size: { width: number; height: number };
  orientation: number;
  inexact: string;
  probe?: Probe;
} {
  const image = readAvif(file);
  checkSize(image.width, image.height, "AVIF");
  const flags = image.items.map(({ properties }) => contentOfKind(properties, "av1C")?.[2] ?? 0);
  const has = (flag: number): boolean => flags.some((byte) => (byte & flag) !== 0);
  const isGrey = has(MONOCHROME);
  return {
    bytes: writeAvif(image.items),
    size: { width: image.width, height: image.height },
    orientation: orientationOfAvif(image),
    inexact: inexactBy(has(HIGH_DEPTH), isGrey, coloursOf(image, file)),
    ...(has(SUBSAMPLED_COLOUR) && !isGrey && { probe: SUBSAMPLING_PROBE }),
  };
}

function readAvif(file: Bytes): AvifImage {
  const major = textAt(file, 8);
  const { ftyp } = boxesOfFile(file, ["ftyp"]);
  const has = (brand: string): boolean =>
    major === brand || new RegExp(`^.{8}(....)*${brand}`, "s").test(textAt(ftyp!, 0, ftyp!.length));
  const kinds = [...(has("avif") ? ["meta"] : []), ...(has("avis") ? ["moov"] : [])];
  if (!MAJOR_BRANDS.includes(major) || !kinds.length || ftyp!.length % 4) {
    throw truncated(file, "AVIF");
  }
  const { meta, moov } = boxesOfFile(file, ["ftyp", ...kinds]);
  const items = meta && readMeta(meta);
  return moov && major !== "avif" ? imageOfSequence(moov, file) : imageOfItems(items!, file);
}

/** Matrix coefficients and range in the nclx colour box, without which those in the AV1 data count. */
function coloursOf(image: AvifImage, file: Bytes): { matrix: number; isFull: boolean } | undefined {
  const nclx = image.properties.find((box) => box.kind === "colr" && isNclx(box));
  if (!nclx) return undefined;
  const matrix = viewOf(nclx.content).getUint16(8);
  if (matrix >= UNKNOWN_FROM || UNREADABLE.includes(matrix)) throw truncated(file, "AVIF");
  return { matrix, isFull: (nclx.content[10]! & 0x80) !== 0 };
}

function inexactBy(
  isDeep: boolean,
  isGrey: boolean,
  colours: ReturnType<typeof coloursOf>,
): string {
  if (isDeep) return "AVIF of more than 8 bits is rounded differently";
  if (colours?.matrix === IPT) return "the colours IPT of AVIF are not converted";
  if (isGrey && !colours?.isFull) return "grey AVIF of limited range is rounded differently";
  return "";
}

/** Exif orientation by quarter turns, then by mirroring: none, vertical, horizontal. */
const ORIENTATIONS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

/** Pillow writes what `irot` and `imir` say into the Exif data, unless both say nothing. */
function orientationOfAvif({ properties, metadata: { exif, xmp } }: AvifImage): number {
  const angle = contentOfKind(properties, "irot")?.[0] ?? 0;
  const axis = contentOfKind(properties, "imir")?.[0];
  const orientation = ORIENTATIONS[angle]![axis === undefined ? 0 : 1 + axis]!;
  if (orientation !== 1 || (exif && exifOrientation(exif) !== undefined)) return orientation;
  return orientationOf({ ...(xmp && { xmp }) });
}
