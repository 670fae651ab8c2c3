import type { Box } from "./avif_boxes.ts";
import { FormatError } from "../bytes.ts";

export interface Property extends Box {
  isEssential: boolean;
}

/** An image, or data about one (ISO/IEC 14496-12, section 8.11.6). */
export interface Item {
  id: number;
  /** Four letters; empty if it is not said. */
  kind: string;
  contentType: string;
  extents: Extent[];
  properties: Property[];
  /** Items that it refers to, by kind of reference. */
  references: Map<string, number[]>;
}

interface Extent {
  offset: number;
  size: number;
  /** Whether `offset` is that in `idat`, not in the file. */
  isInMeta: boolean;
}

export function sizeOfContent({ extents }: Item): number {
  return extents.reduce((sum, { size }) => sum + size, 0);
}

/** The items, which any box may be the first to mention. */
export class Items {
  readonly byId = new Map<number, Item>();

  get(id: number): Item {
    if (!id) throw new FormatError("The AVIF file has an item without a number.");
    const item = this.byId.get(id) ?? {
      id,
      kind: "",
      contentType: "",
      extents: [],
      properties: [],
      references: new Map(),
    };
    this.byId.set(id, item);
    return item;
  }
}
