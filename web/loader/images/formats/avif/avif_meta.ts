import { boxesIn, FieldReader, only, type Box } from "./avif_boxes.ts";
import { Items, sizeOfContent, type Item } from "./avif_items.ts";
import { readProperties } from "./avif_properties.ts";
import { concatenate, truncated, type Bytes } from "../bytes.ts";

export interface Meta {
  primary: number;
  items: ReadonlyMap<number, Item>;
  idat: Bytes | undefined;
}

/** Reads a `meta` box as libavif does. Raises FormatError. */
export function readMeta(content: Bytes): Meta {
  const fields = new FieldReader(content);
  fields.version(0);
  const boxes = boxesIn(content.subarray(fields.at));
  checkHandler(boxes);
  const items = new Items();
  for (const [kind, read] of Object.entries(READERS)) {
    const box = only(boxes, kind);
    if (box) read(box, items);
  }
  const pitm = only(boxes, "pitm");
  return { primary: pitm ? readPrimary(pitm) : 0, items: items.byId, idat: only(boxes, "idat") };
}

/** The content of an item. Raises FormatError if the file ends in it, or is smaller because extents overlap. */
export function contentOf(item: Item, file: Bytes, { idat }: Meta): Bytes {
  const { extents } = item;
  if (sizeOfContent(item) > file.length) throw truncated(file, "AVIF");
  const pieces = extents.map(({ offset, size, isInMeta }) => {
    const fields = new FieldReader(isInMeta ? (idat ?? new Uint8Array(0)) : file);
    fields.at = offset;
    return fields.bytes(size);
  });
  return pieces.length === 1 ? pieces[0]! : concatenate(pieces);
}

function checkHandler([first, ...others]: readonly Box[]): void {
  const fields = new FieldReader(first?.kind === "hdlr" ? first.content : new Uint8Array(0));
  fields.version(0);
  const reserved = fields.number(4);
  const kind = fields.text(4);
  fields.bytes(12);
  fields.string();
  const isRepeated = others.some((box) => box.kind === "hdlr");
  if (reserved || kind !== "pict" || isRepeated) throw fields.damaged();
}

function readPrimary(pitm: Bytes): number {
  const fields = new FieldReader(pitm);
  return fields.number(fields.version(1).version ? 4 : 2);
}

function readLocations(iloc: Bytes, items: Items): void {
  const fields = new FieldReader(iloc);
  const { version } = fields.version(2);
  const [sizes, others] = [fields.number(1), fields.number(1)];
  const [offsetSize, lengthSize, baseSize] = [sizes >> 4, sizes & 15, others >> 4];
  const indexSize = version ? others & 15 : 0;
  if ([offsetSize, lengthSize, baseSize, indexSize].some((size) => ![0, 4, 8].includes(size))) {
    throw fields.damaged();
  }
  const idSize = version < 2 ? 2 : 4;
  for (let count = fields.number(idSize); count > 0; count--) {
    const item = items.get(fields.number(idSize));
    const construction = version ? fields.number(2) & 15 : 0;
    fields.bytes(2); // data reference
    const base = fields.number(baseSize);
    if (construction > 1 || item.extents.length) throw fields.damaged();
    const extents = fields.number(2);
    if (!lengthSize) fields.bytes(extents * (indexSize + offsetSize)); // no data
    for (let left = lengthSize && extents; left > 0; left--) {
      fields.bytes(indexSize);
      const offset = base + fields.number(offsetSize);
      item.extents.push({ offset, size: fields.number(lengthSize), isInMeta: construction === 1 });
    }
  }
}

function readInformation(iinf: Bytes, items: Items): void {
  const fields = new FieldReader(iinf);
  const { version } = fields.version(1);
  for (let count = fields.number(version ? 4 : 2); count > 0; count--) {
    const box = fields.box();
    const entry = new FieldReader(box.content);
    const entryVersion = entry.version(3).version;
    if (box.kind !== "infe" || entryVersion < 2) throw fields.damaged();
    const item = items.get(entry.number(entryVersion === 2 ? 2 : 4));
    entry.bytes(2); // protection
    item.kind = entry.text(4);
    entry.string(); // name
    item.contentType = item.kind === "mime" ? entry.string() : "";
  }
}

function readReferences(iref: Bytes, items: Items): void {
  const fields = new FieldReader(iref);
  const { version } = fields.version(255);
  const idSize = version ? 4 : 2;
  while (version <= 1 && !fields.ended()) {
    const { kind, size } = fields.boxHeader();
    const start = fields.at;
    fields.bytes(size ?? -1);
    fields.at = start; // libavif goes on behind the fields, whatever the size is
    const item = items.get(fields.number(idSize));
    const others = item.references.get(kind) ?? [];
    item.references.set(kind, others);
    for (let count = fields.number(2); count > 0; count--) {
      const other = fields.number(idSize);
      if (!other) throw fields.damaged();
      others.push(other);
    }
  }
}

const READERS: Record<string, (content: Bytes, items: Items) => void> = {
  iloc: readLocations,
  iinf: readInformation,
  iref: readReferences,
  iprp: readProperties,
};
