/** Reads a safetensors file (Hugging Face) that arrives in parts, each of which is freed after its last read. */
import type { Stored } from "./encodings.ts";
import type { PartedBytes } from "./parted_bytes.ts";

/** A tensor's dtype, shape and byte range in the file. */
export interface StoredEntry extends Omit<Stored, "bytes"> {
  from: number;
  to: number;
}

/** A weight, and the scale of its encoding. */
export interface StoredWeight {
  name: string;
  stored: StoredEntry;
  scale: StoredEntry | undefined;
}

type Header = Record<string, Omit<Stored, "bytes"> & { data_offsets: [number, number] }>;

/**
 * The `wanted` weights in the order of the file; a read of each is announced to `file`, which is empty when all were
 * released. Awaits the header only.
 */
export async function openSafetensors(
  file: PartedBytes,
  wanted: (name: string) => boolean = () => true,
): Promise<StoredWeight[]> {
  await file.arrive(0, 8);
  const headerSize = Number(new DataView(file.read(0, 8).slice().buffer).getBigUint64(0, true));
  await file.arrive(8, 8 + headerSize);
  const header = JSON.parse(new TextDecoder().decode(file.read(8, headerSize))) as Header;
  delete header["__metadata__"];
  const start = 8 + headerSize;
  const entry = (name: string): StoredEntry | undefined => {
    if (!header[name]) return undefined;
    const { dtype, shape, data_offsets } = header[name];
    const [from, to] = data_offsets;
    return { dtype, shape, from: start + from, to: start + to };
  };
  const weights = Object.keys(header)
    .filter((name) => !name.endsWith(".scale") && wanted(name))
    .map((name) => ({ name, stored: entry(name)!, scale: entry(`${name}.scale`) }));
  file.expect(0, start);
  for (const { stored, scale } of weights) {
    if (scale) file.expect(scale.from, scale.to);
    file.expect(stored.from, stored.to);
  }
  file.release(0, start);
  return weights;
}
