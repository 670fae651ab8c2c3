/** What reading a file format takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file that Pillow would refuse too. The loader, whose error classes are its own, makes a DecodeError of it. */
export class FormatError extends Error {}

export function truncated(bytes: Uint8Array, format: string): FormatError {
  return new FormatError(`The ${format} file is cut short (${bytes.length} bytes) or damaged.`);
}

export function concatenate(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function textAt(bytes: Uint8Array, at: number, length = 4): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
