/** A safetensors file in parts (its format: Hugging Face, safetensors), of which each part is let go after its last read. */
import type { Stored } from "./encodings.ts";
import type { PartedBytes } from "./parted_bytes.ts";

/** A tensor's form, and where its bytes lie in the file. */
export interface StoredEntry extends Omit<Stored, "bytes"> {
  from: number;
  to: number;
}

/** A weight, and the scale that its values are to be multiplied with. */
export interface StoredWeight {
  name: string;
  stored: StoredEntry;
  scale: StoredEntry | undefined;
}

type Header = Record<string, Omit<Stored, "bytes"> & { data_offsets: [number, number] }> & {
  __metadata__?: unknown;
};

/**
 * Its weights, in the order of the file, of which a read of each in `wanted` is announced: `file` holds nothing once all
 * of those were released. Waits for the header alone.
 */
export async function openSafetensors(
  file: PartedBytes,
  wanted: (name: string) => boolean = () => true,
): Promise<StoredWeight[]> {
  await file.arrive(0, 8);
  const headerSize = Number(new DataView(file.read(0, 8).slice().buffer).getBigUint64(0, true));
  await file.arrive(8, 8 + headerSize);
  const { __metadata__, ...header } = JSON.parse(
    new TextDecoder().decode(file.read(8, headerSize)),
  ) as Header;
  const start = 8 + headerSize;
  const entry = (name: string): StoredEntry | undefined => {
    if (!header[name]) return undefined;
    const {
      data_offsets: [from, to],
      ...form
    } = header[name];
    return { ...form, from: start + from, to: start + to };
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
