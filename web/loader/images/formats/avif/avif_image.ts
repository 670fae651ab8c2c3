import { isAv1 } from "./av1_units.ts";
import type { Box } from "./avif_boxes.ts";
import { sizeOfContent, type Item } from "./avif_items.ts";
import { contentOf, type Meta } from "./avif_meta.ts";
import { isKnown } from "./avif_properties.ts";
import { readSequence } from "./avif_sequence.ts";
import type { WrittenItem } from "./avif_writer.ts";
import { concatenate, textAt, truncated, viewOf, type Bytes } from "../bytes.ts";
import type { Metadata } from "../orientation.ts";

/** The image that Pillow shows. */
export interface AvifImage {
  width: number;
  height: number;
  /** The image itself, then the tiles that a grid consists of. */
  items: WrittenItem[];
  /** Of the image itself. */
  properties: readonly Box[];
  metadata: Metadata;
}

/** Properties that decoding needs; `av1C`, `ispe` and `pixi` are written anew, as browsers are strict about unused bits. */
const DECODING = ["a1op", "a1lx", "lsel"];
const HIGH_DEPTH = 0x40;
const TWELVE_BITS = 0x20;
const MONOCHROME = 0x10;

/** The first frame of a sequence. Raises FormatError. */
export function imageOfSequence(moov: Bytes, file: Bytes): AvifImage {
  const { width, height, data, properties } = readSequence(moov, file);
  const ispe = new Uint8Array(12);
  viewOf(ispe).setUint32(4, width);
  viewOf(ispe).setUint32(8, height);
  const all = [...properties, { kind: "ispe", content: ispe }].map((box) => ({
    ...box,
    isEssential: false,
  }));
  const item = written("av01", data, all);
  if (!item) throw truncated(file, "AVIF");
  return { width, height, items: [item], properties, metadata: {} };
}

/** The primary item. Raises FormatError for what libavif refuses: also where its alpha, Exif or XMP data is cut. */
export function imageOfItems(meta: Meta, file: Bytes): AvifImage {
  const primary = meta.items.get(meta.primary);
  if (!primary || !isImage(primary) || primary.references.has("thmb"))
    throw truncated(file, "AVIF");
  const tiles = primary.kind === "grid" ? (primary.references.get("dimg") ?? []) : [];
  if (new Set(tiles).size < tiles.length) throw truncated(file, "AVIF");
  const metadata: Metadata = {};
  for (const item of meta.items.values()) {
    const isAbout = (kind: string): boolean =>
      item.references.get(kind)?.includes(primary.id) ?? false;
    if (!isAbout("cdsc") && !(isAbout("auxl") && isImage(item))) continue;
    const content = contentOf(item, file, meta);
    if (item.kind === "Exif") metadata.exif ??= content.subarray(4);
    else if (item.contentType === "application/rdf+xml") metadata.xmp ??= content;
    else if (
      item.kind === "av01" &&
      !(isAv1(content) && written("av01", content, item.properties))
    ) {
      throw truncated(file, "AVIF");
    }
  }
  const items = [primary.id, ...tiles].map((id) => {
    const item = meta.items.get(id);
    const copy =
      item && isImage(item) && written(item.kind, contentOf(item, file, meta), item.properties);
    if (!copy) throw truncated(file, "AVIF");
    return copy;
  });
  const size = viewOf(contentOfKind(primary.properties, "ispe")!);
  const [width, height] = [size.getUint32(4), size.getUint32(8)];
  return { width, height, items, properties: primary.properties, metadata };
}

/** Whether libavif decodes the item, instead of ignoring it. */
function isImage(item: Item): boolean {
  const { kind, properties } = item;
  const isSupported = properties.every((property) => isKnown(property) || !property.isEssential);
  return sizeOfContent(item) > 0 && isSupported && (kind === "av01" || kind === "grid");
}

/** An item with what decoding needs; undefined where that is not there, or contradicts itself. */
function written(
  kind: string,
  data: Bytes,
  properties: Item["properties"],
): WrittenItem | undefined {
  const [av1C, ispe, pixi] = ["av1C", "ispe", "pixi"].map((name) =>
    contentOfKind(properties, name),
  );
  const colours = properties.filter((box) => box.kind === "colr" && isNclx(box));
  const kept = properties.filter((box) => DECODING.includes(box.kind));
  if (colours.length > 1 || !ispe || (kind === "av01" && !av1C)) return undefined;
  const anew = [{ kind: "ispe", content: concatenate([new Uint8Array(4), ispe.subarray(4, 12)]) }];
  if (av1C) {
    const flags = av1C[2]!;
    const depth = flags & HIGH_DEPTH ? (flags & TWELVE_BITS ? 12 : 10) : 8;
    if (pixi && pixi[5] !== depth) return undefined;
    const planes = flags & MONOCHROME ? [1, depth] : [3, depth, depth, depth];
    anew.push({ kind: "pixi", content: Uint8Array.from([0, 0, 0, 0, ...planes]) });
    anew.push({ kind: "av1C", content: Uint8Array.from([...av1C.subarray(0, 3), 0]) });
  }
  const all = anew.map((box) => ({ ...box, isEssential: box.kind === "av1C" }));
  return { kind, data, properties: [...all, ...colours, ...kept] };
}

export function contentOfKind(boxes: readonly Box[], kind: string): Bytes | undefined {
  return boxes.find((box) => box.kind === kind)?.content;
}

export function isNclx({ content }: Box): boolean {
  return textAt(content, 0) === "nclx";
}
