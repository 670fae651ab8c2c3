import { textAt, viewOf, type Bytes } from "./bytes.ts";
import type { Metadata } from "./orientation.ts";

const XMP_TYPE = "application/rdf+xml\0";

interface Box {
  kind: string;
  content: Bytes;
}

/** The Exif and XMP data that describe the primary item of an AVIF (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, annex A). */
export function avifMetadata(file: Bytes): Metadata {
  try {
    return readMetadata(file);
  } catch (error) {
    if (error instanceof RangeError) return {}; // truncated
    throw error;
  }
}

function readMetadata(file: Bytes): Metadata {
  const found: Metadata = {};
  const meta = contentOf(boxesIn(file), "meta")?.subarray(4);
  if (!meta) return found;
  const boxes = [...boxesIn(meta)];
  const primary = contentOf(boxes, "pitm");
  const entries = contentOf(boxes, "iinf");
  const locations = contentOf(boxes, "iloc");
  if (!primary || !entries || !locations) return found;
  const described = describing(contentOf(boxes, "iref"), number(primary, 4, primary[0] ? 4 : 2));
  for (const { content } of boxesIn(entries.subarray(entries[0] ? 8 : 6))) {
    const idSize = content[0] === 3 ? 4 : 2;
    const id = number(content, 4, idSize);
    if (!described.has(id)) continue;
    const type = textAt(content, 6 + idSize);
    const rest = content.subarray(10 + idSize);
    const isXmp =
      type === "mime" && textAt(rest, rest.indexOf(0) + 1, XMP_TYPE.length) === XMP_TYPE;
    if (type !== "Exif" && !isXmp) continue;
    const data = dataOf(id, locations, file, contentOf(boxes, "idat"));
    // Exif data begin with the number of bytes before their TIFF header.
    if (!data) continue;
    if (type === "Exif") found.exif ??= data.subarray(4 + number(data, 0, 4));
    else found.xmp ??= data;
  }
  return found;
}

/** IDs of the items with `cdsc` references to `primary`. */
function describing(references: Bytes | undefined, primary: number): Set<number> {
  const ids = new Set<number>();
  const idSize = references?.[0] ? 4 : 2;
  for (const { kind, content } of boxesIn(references?.subarray(4) ?? new Uint8Array())) {
    if (kind === "cdsc" && number(content, idSize + 2, idSize) === primary) {
      ids.add(number(content, 0, idSize));
    }
  }
  return ids;
}

/** The first extent of an item. */
function dataOf(
  wanted: number,
  locations: Bytes,
  file: Bytes,
  inside: Bytes | undefined,
): Bytes | undefined {
  const version = locations[0]!;
  const [offsetSize, lengthSize] = [locations[4]! >> 4, locations[4]! & 15];
  const [baseSize, indexSize] = [locations[5]! >> 4, version ? locations[5]! & 15 : 0];
  const idSize = version < 2 ? 2 : 4;
  let at = 6 + idSize;
  for (let items = number(locations, 6, idSize); items > 0; items--) {
    const id = number(locations, at, idSize);
    at += idSize;
    const method = version ? number(locations, at, 2) & 15 : 0;
    at += version ? 4 : 2;
    const base = number(locations, at, baseSize);
    at += baseSize;
    const extents = number(locations, at, 2);
    at += 2 + indexSize;
    if (id === wanted) {
      const start = base + number(locations, at, offsetSize);
      const size = number(locations, at + offsetSize, lengthSize);
      return (method === 1 ? inside : file)?.subarray(start, start + size);
    }
    at += extents * (indexSize + offsetSize + lengthSize) - indexSize;
  }
  return undefined;
}

function contentOf(boxes: Iterable<Box>, wanted: string): Bytes | undefined {
  for (const { kind, content } of boxes) if (kind === wanted) return content;
  return undefined;
}

function* boxesIn(bytes: Bytes): Generator<Box> {
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = viewOf(bytes).getUint32(at) || bytes.length - at;
    if (size < 8) return;
    yield { kind: textAt(bytes, at + 4), content: bytes.subarray(at + 8, at + size) };
    at += size;
  }
}

/** A number of 0, 2, 4 or 8 bytes. Raises RangeError. */
function number(bytes: Uint8Array, at: number, size: number): number {
  const view = viewOf(bytes);
  if (size === 8) return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  return size === 4 ? view.getUint32(at) : size === 2 ? view.getUint16(at) : 0;
}
