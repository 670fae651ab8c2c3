import { truncated } from "../bytes.ts";

/** Bytes after the end that a symbol and its extra bits may be read from before the end is noticed. */
const PADDING = 16;
/** libwebp counts what it loads, 8 bytes at the least. */
const LEAST_BYTES = 8;

/** Reads bits, least significant first. Raises FormatError after the end, where libwebp gives up too. */
export class BitReader {
  /** In bits. */
  at = 0;
  private readonly view: DataView;
  private readonly length: number;
  private readonly size: number;

  constructor(bytes: Uint8Array) {
    const padded = new Uint8Array(bytes.length + PADDING);
    padded.set(bytes);
    this.view = new DataView(padded.buffer);
    this.length = bytes.length;
    this.size = 8 * Math.max(bytes.length, LEAST_BYTES);
    if (this.size >= 2 ** 32) throw this.damaged();
  }

  /** At most 24 bits. */
  read(count: number): number {
    const value = this.peek() & ((1 << count) - 1);
    this.at += count;
    this.requireMore();
    return value;
  }

  /** At least the next 25 bits. */
  peek(at = this.at): number {
    return this.view.getUint32(at >>> 3, true) >>> (at & 7);
  }

  requireMore(at = this.at): void {
    if (at > this.size) throw this.damaged();
  }

  damaged(): Error {
    return truncated({ length: this.length }, "WebP");
  }
}
