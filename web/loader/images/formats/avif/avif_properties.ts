import { boxesIn, FieldReader, type Box } from "./avif_boxes.ts";
import type { Items } from "./avif_items.ts";
import { truncated, type Bytes } from "../bytes.ts";

/** By kind: whether it must be essential, must not, or may be either. Essential ones of other kinds hide their item. */
const KNOWN: Record<string, boolean | undefined> = {
  ...{ ispe: undefined, auxC: undefined, colr: undefined, av1C: undefined, pasp: undefined },
  ...{ pixi: undefined, clli: undefined, clap: true, irot: true, imir: true },
  ...{ a1op: true, lsel: true, a1lx: false },
};

export function isKnown({ kind }: Box): boolean {
  return kind in KNOWN;
}

/** Reads the `iprp` box: properties, and which items have them (ISO/IEC 23008-12, section 9.3). Raises FormatError. */
export function readProperties(iprp: Bytes, items: Items): void {
  const [ipco, ...associations] = boxesIn(iprp);
  if (ipco?.kind !== "ipco") throw truncated(iprp, "AVIF");
  const properties = boxesIn(ipco.content);
  properties.forEach(checkProperty);
  const seen = new Set<number>();
  for (const { kind, content } of associations) {
    if (kind !== "ipma") throw truncated(iprp, "AVIF");
    associate(content, properties, items, seen);
  }
}

function associate(ipma: Bytes, properties: readonly Box[], items: Items, seen: Set<number>): void {
  const fields = new FieldReader(ipma);
  const { version, flags } = fields.version(1);
  const [idSize, indexBits] = [version ? 4 : 2, flags & 1 ? 15 : 7];
  for (let count = fields.number(4), last = 0; count > 0; count--) {
    const id = fields.number(idSize);
    if (id <= last || seen.has(id)) throw fields.damaged();
    seen.add((last = id));
    for (let associations = fields.number(1); associations > 0; associations--) {
      const field = fields.number((indexBits + 1) / 8);
      const [isEssential, index] = [field >> indexBits === 1, field & ((1 << indexBits) - 1)];
      const property = properties[index - 1];
      const required = property && KNOWN[property.kind];
      const isWrong = property ? required === !isEssential : index || isEssential;
      if (isWrong) throw fields.damaged();
      if (property) items.get(id).properties.push({ ...property, isEssential });
    }
  }
}

/** Raises FormatError for a property that libavif refuses, even if no item has it. */
function checkProperty({ kind, content }: Box): void {
  const fields = new FieldReader(content);
  let isValid = true;
  if (kind === "ispe") {
    fields.version(0);
    fields.bytes(8);
  } else if (kind === "pixi") {
    fields.version(0);
    const depths = [...fields.bytes(fields.number(1))];
    isValid = depths.length > 0 && depths.length <= 4 && new Set(depths).size === 1;
  } else if (kind === "av1C") {
    isValid = fields.number(1) === 0x81;
    fields.bytes(3);
  } else if (kind === "irot") {
    isValid = fields.number(1) < 4;
  } else if (kind === "imir") {
    isValid = fields.number(1) < 2;
  } else if (kind === "colr" && fields.text(4) === "nclx") {
    fields.bytes(6);
    isValid = (fields.number(1) & 0x7f) === 0;
  } else if (kind === "auxC") {
    fields.version(0);
    fields.string();
  } else if (kind === "clap") {
    fields.bytes(32);
  } else if (kind === "pasp") {
    fields.bytes(8);
  }
  if (!isValid) throw fields.damaged();
}
