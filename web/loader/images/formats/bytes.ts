/** Helpers to read binary formats. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A file that Pillow refuses too. The loader converts it to a DecodeError, whose class is not in this chunk. */
export class FormatError extends Error {}

export function truncated(bytes: { length: number }, format: string): FormatError {
  return new FormatError(`The ${format} file is cut short (${bytes.length} bytes) or damaged.`);
}

export function concatenate(pieces: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function textAt(bytes: Uint8Array, at: number, length = 4): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
