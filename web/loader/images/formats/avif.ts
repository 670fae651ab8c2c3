import { avifMetadata } from "./avif_metadata.ts";
import { textAt, viewOf, type Bytes } from "./bytes.ts";
import { exifOrientation, orientationOf } from "./orientation.ts";
import type { Probe } from "./probe.ts";
import { checkSize } from "./size.ts";

/** 8 × 8 pixels with chroma subsampled 4:2:0, written by Pillow; `sum` is that of Pillow's decoder. */
const SUBSAMPLED =
  "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUIAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAAAAAAAAAOcGl0bQAA" +
  "AAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAANwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEAAGF2MDFDb2xvcgAAAABqaXBycAAAAEtp" +
  "cGNvAAAAFGlzcGUAAAAAAAAACAAAAAgAAAAQcGl4aQAAAAADCAgIAAAADGF2MUOBAAwAAAAAE2NvbHJuY2x4AAEADQAGgAAAABdpcG1hAAAAAAAAAAEA" +
  "AQQBAoMEAAAAP21kYXQSAAoIGAi/bICGg0IyKRlHh4YhgABoFAAAkEEH9p4AuobtWlj+EV+6THtBTn+oBTYaag+bUHZK";

const PROBE: Probe = {
  file: Uint8Array.from(atob(SUBSAMPLED), (letter) => letter.charCodeAt(0)),
  sum: 2_675_149,
  inexact: "this browser interpolates the colours of AVIF in another way",
};

/** Container boxes on the path to the item properties, and the size of their headers. */
const CONTAINERS: Record<string, number> = { meta: 12, iprp: 8, ipco: 8, iref: 12 };

/** `high_bitdepth`, `monochrome` and `chroma_subsampling_x` in the third byte of `av1C` (AV1-ISOBMFF). */
const HIGH_DEPTH = 0x40;
const CHROMA_FLAGS = 0x18;
const SUBSAMPLED_COLOUR = 0x08;

/**
 * Removes rotation, mirroring, profile and alpha of an AVIF (ISO/IEC 23008-12): their boxes become `free`, which decoders
 * skip, and associations with them point to no property. The nclx colour box stays, as it defines the conversion to RGB.
 */
export function prepareAvif(file: Bytes): {
  bytes: Bytes;
  orientation: number;
  inexact: string;
  probe?: Probe;
} {
  const bytes = file.slice();
  const flags: number[] = []; // of the image and, if there is one, of its alpha
  let [angle, mirror] = [0, 0];
  const freed = new Set<number>();
  walk(bytes, 0, bytes.length, (kind, start, index) => {
    if (kind === "av1C") flags.push(bytes[start + 10]!);
    if (kind === "ispe") checkSize(...ispeSize(bytes, start), "AVIF");
    if (kind === "irot") angle = bytes[start + 8]! & 3;
    if (kind === "imir") mirror = 1 + (bytes[start + 8]! & 1);
    if (kind === "ftyp")
      makeStill(bytes.subarray(start + 8, start + viewOf(bytes).getUint32(start)));
    const profile = kind === "colr" && textAt(bytes, start + 8) !== "nclx";
    if (!profile && kind !== "irot" && kind !== "imir" && kind !== "auxl") return;
    bytes.set([0x66, 0x72, 0x65, 0x65], start + 4);
    if (kind !== "auxl") freed.add(index);
  });
  walk(bytes, 0, bytes.length, (kind, start) => {
    if (kind === "ipma") dissociate(bytes, start, freed);
  });
  // Pillow reads XMP data where neither properties nor Exif data say anything.
  const orientation = angle || mirror ? ORIENTATIONS[angle]![mirror]! : orientationWithout(file);
  const deep = flags.some((byte) => byte & HIGH_DEPTH);
  const inexact = deep ? "browsers round AVIF of more than 8 bits differently" : "";
  const subsampled = flags.some((byte) => (byte & CHROMA_FLAGS) === SUBSAMPLED_COLOUR);
  return { bytes, orientation, inexact, ...(subsampled && { probe: PROBE }) };
}

function ispeSize(bytes: Bytes, start: number): [width: number, height: number] {
  return [viewOf(bytes).getUint32(start + 12), viewOf(bytes).getUint32(start + 16)];
}

/** The orientation of a file that has no rotation and mirroring, which Exif data do not overrule. */
function orientationWithout(file: Bytes): number {
  const { exif, xmp } = avifMetadata(file);
  const overruled = exif && exifOrientation(exif) !== undefined;
  return overruled || !xmp ? 1 : orientationOf({ xmp });
}

/** Exif orientation by quarter turns, then by mirroring: none, vertical, horizontal. */
const ORIENTATIONS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
];

/** Changes the brand of image sequences to that of still images, as which they hold their first frame too. */
function makeStill(brands: Bytes): void {
  for (let at = 0; at < brands.length; at += 4) {
    if (textAt(brands, at) === "avis") brands[at + 3] = 0x66;
  }
}

type Visit = (kind: string, start: number, index: number) => void;

/** Visits every box; `index` counts siblings from 1, as associations do. */
function walk(bytes: Bytes, from: number, to: number, visit: Visit): void {
  const view = viewOf(bytes);
  for (let at = from, index = 1; at + 8 <= to; index++) {
    const size = view.getUint32(at);
    const kind = textAt(bytes, at + 4);
    if (size < 8 || at + size > to) return;
    visit(kind, at, index);
    if (kind in CONTAINERS) walk(bytes, at + CONTAINERS[kind]!, at + size, visit);
    at += size;
  }
}

/** Sets associations of an `ipma` box with the properties `freed` to 0, "no property". */
function dissociate(bytes: Bytes, start: number, freed: ReadonlySet<number>): void {
  const view = viewOf(bytes);
  const large = (bytes[start + 11]! & 1) === 1;
  const idSize = bytes[start + 8] ? 4 : 2;
  let at = start + 16;
  for (let items = view.getUint32(start + 12); items > 0; items--) {
    const count = bytes[at + idSize]!;
    at += idSize + 1;
    for (let i = 0; i < count; i++, at += large ? 2 : 1) {
      const property = large ? view.getUint16(at) & 0x7fff : bytes[at]! & 0x7f;
      if (freed.has(property)) bytes.fill(0, at, at + (large ? 2 : 1));
    }
  }
}
