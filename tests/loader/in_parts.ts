import { PartedBytes } from "../../web/loader/backends/weights/parted_bytes.ts";

/** Parts that have arrived already. */
export function inParts(parts: Uint8Array<ArrayBuffer>[]): PartedBytes {
  return new PartedBytes(
    parts.map((part) => Promise.resolve(part)),
    parts.map((part) => part.length),
  );
}
