import { FormatError, textAt, truncated, type Bytes } from "../bytes.ts";

/** A box of the ISO base media file format (ISO/IEC 14496-12, section 4.2), without its header. */
export interface Box {
  kind: string;
  content: Bytes;
}

/** Boxes that libavif reads as a whole; others may be cut, which shows when their content is used. */
const READ_WHOLE = ["ftyp", "meta", "moov"];

/** The boxes that `content` consists of. Raises FormatError for one that does not fit. */
export function boxesIn(content: Bytes): Box[] {
  const fields = new FieldReader(content);
  const boxes: Box[] = [];
  while (!fields.ended()) boxes.push(fields.box());
  return boxes;
}

/** The boxes of a file, up to those of `kinds`, which may occur only once. Raises FormatError if one is missing. */
export function boxesOfFile(file: Bytes, kinds: readonly string[]): Record<string, Bytes> {
  const fields = new FieldReader(file);
  const found: Record<string, Bytes> = {};
  while (kinds.some((kind) => !found[kind])) {
    const { kind, size } = fields.boxHeader();
    const left = file.length - fields.at;
    if (READ_WHOLE.includes(kind)) {
      if (found[kind]) throw fields.damaged();
      found[kind] = fields.bytes(size ?? left);
    } else {
      fields.bytes(Math.min(size ?? left, left));
    }
  }
  return found;
}

/** The content of the only box of its kind; undefined if there is none. Raises FormatError for several. */
export function only(boxes: readonly Box[], kind: string): Bytes | undefined {
  const [box, ...others] = boxes.filter((candidate) => candidate.kind === kind);
  if (others.length) throw new FormatError(`The AVIF file has several "${kind}" boxes.`);
  return box?.content;
}

/** Reads big-endian fields. Raises FormatError at the end. */
export class FieldReader {
  at = 0;
  private readonly content: Bytes;

  constructor(content: Bytes) {
    this.content = content;
  }

  /** A number of `size` bytes; rounded above 2^53. */
  number(size: number): number {
    return this.bytes(size).reduce((value, byte) => 256 * value + byte, 0);
  }

  text(size: number): string {
    return textAt(this.bytes(size), 0, size);
  }

  /** A text that ends with a zero. */
  string(): string {
    const end = this.content.indexOf(0, this.at);
    if (end < 0) throw this.damaged();
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  bytes(size: number): Bytes {
    const start = this.at;
    this.at += size;
    if (size < 0 || this.at > this.content.length) throw this.damaged();
    return this.content.subarray(start, this.at);
  }

  /** The version of a full box, at most `largest`, and its flags. */
  version(largest: number): { version: number; flags: number } {
    const version = this.number(1);
    if (version > largest) throw this.damaged();
    return { version, flags: this.number(3) };
  }

  /** `size` is that of the content; undefined for the rest of the file. */
  boxHeader(): { kind: string; size: number | undefined } {
    const size = this.number(4);
    const kind = this.text(4);
    if (size === 1) return { kind, size: this.number(8) - 16 };
    return { kind, size: size ? size - 8 : undefined };
  }

  /** A box in another one. */
  box(): Box {
    const { kind, size } = this.boxHeader();
    return { kind, content: this.bytes(size ?? -1) };
  }

  ended(): boolean {
    return this.at === this.content.length;
  }

  damaged(): Error {
    return truncated(this.content, "AVIF");
  }
}
