import type { Property } from "./avif_items.ts";
import { concatenate, viewOf, type Bytes } from "../bytes.ts";

/** An image, of which the first one is the primary item; others are its tiles. */
export interface WrittenItem {
  kind: string;
  data: Bytes;
  properties: Property[];
}

/** Writes an AVIF (ISO/IEC 23008-12) of nothing but these images. */
export function writeAvif(items: readonly WrittenItem[]): Bytes {
  const type = box("ftyp", text("avif"), number(4, 0), text("avifmif1miaf"));
  // The offsets of the data depend on the size of what is before, which does not depend on them.
  const size = type.length + meta(items, 0).length + 8;
  return concatenate([type, meta(items, size), box("mdat", ...items.map(({ data }) => data))]);
}

function meta(items: readonly WrittenItem[], start: number): Bytes {
  const ids = items.map((_, index) => index + 1);
  const [primary, ...tiles] = ids;
  let offset = start;
  const locations = items.map(({ data }, index) => {
    offset += data.length;
    return [number(2, ids[index]!, 0, 1), number(4, offset - data.length, data.length)];
  });
  const entries = items.map(({ kind }, index) =>
    box("infe", number(1, 2, 0, 0, 0), number(2, ids[index]!, 0), text(kind), number(1, 0)),
  );
  const all = items.flatMap(({ properties }) => properties);
  let next = 1;
  const associations = items.map(({ properties }, index) => [
    number(2, ids[index]!),
    number(1, properties.length),
    number(2, ...properties.map(({ isEssential }) => (isEssential ? 0x8000 : 0) | next++)),
  ]);
  const references = box(
    "iref",
    number(4, 0),
    box("dimg", number(2, primary!, tiles.length, ...tiles)),
  );
  return box(
    "meta",
    number(4, 0),
    box("hdlr", number(4, 0, 0), text("pict"), number(4, 0, 0, 0), number(1, 0)),
    box("pitm", number(4, 0), number(2, primary!)),
    box("iloc", number(4, 0), number(1, 0x44, 0), number(2, items.length), ...locations.flat()),
    box("iinf", number(4, 0), number(2, items.length), ...entries),
    ...(tiles.length ? [references] : []),
    box(
      "iprp",
      box("ipco", ...all.map(({ kind, content }) => box(kind, content))),
      box("ipma", number(4, 1, items.length), ...associations.flat()),
    ),
  );
}

function box(kind: string, ...contents: Uint8Array[]): Bytes {
  const content = concatenate(contents);
  return concatenate([number(4, 8 + content.length), text(kind), content]);
}

/** Big-endian numbers of `size` bytes each. */
function number(size: number, ...values: number[]): Bytes {
  const bytes = new Uint8Array(size * values.length);
  const view = viewOf(bytes);
  values.forEach((value, index) => {
    if (size === 1) view.setUint8(index, value);
    else if (size === 2) view.setUint16(2 * index, value);
    else view.setUint32(4 * index, value);
  });
  return bytes;
}

function text(letters: string): Bytes {
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}
