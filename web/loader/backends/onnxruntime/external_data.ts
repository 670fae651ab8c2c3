import { BackendError } from "../../api/errors.ts";
import { decodeInto, lengthOf, type Scale } from "../weights/encodings.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { openSafetensors, type StoredEntry } from "../weights/safetensors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** External data as onnxruntime-web takes it: a name that the graph knows, and its bytes. */
export interface ExternalData {
  path: string;
  data: Uint8Array;
}

/**
 * The weights of a safetensors file, each turned into float32 when onnxruntime-web copies it, and not before: of the
 * decoded weights only one is in memory at a time besides onnxruntime-web's own. A part is let go with the last weight
 * in it, so `file` holds nothing in the end.
 */
export async function externalData(file: PartedBytes): Promise<ExternalData[]> {
  await file.arrive(0, file.size);
  const weights = await openSafetensors(file);
  const scratch = new Scratch();
  const decodeEntry = (entry: StoredEntry, out: Float32Array<ArrayBuffer>, scale?: Scale): void => {
    const { from, to } = entry;
    if (entry.dtype === "F32") file.copy(from, bytesOf(out));
    else decodeInto(out, { ...entry, bytes: file.read(from, to - from) }, scale);
    file.release(from, to);
  };
  return weights.map(({ name, stored, scale }) => {
    const length = lengthOf(stored);
    const decode = (): Bytes => {
      const out = scratch.take(length);
      const values = scale && new Float32Array(lengthOf(scale));
      if (values) decodeEntry(scale, values);
      decodeEntry(stored, out, values && { shape: scale.shape, values });
      return bytesOf(out);
    };
    return { path: name, data: new Lazy(4 * length, decode) };
  });
}

function bytesOf(values: Float32Array<ArrayBuffer>): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Bytes that are made when they are asked for. onnxruntime-web asks an external data file for its `byteLength`, and once
 * for its `subarray`, whose result it copies at once.
 */
class Lazy extends Uint8Array {
  readonly #length: number;
  #make: (() => Bytes) | undefined;

  constructor(length: number, make: () => Bytes) {
    super(new ArrayBuffer(0));
    this.#length = length;
    this.#make = make;
  }

  override get byteLength(): number {
    return this.#length;
  }

  override subarray(from = 0, to = this.#length): Uint8Array<ArrayBuffer> {
    const make = this.#make;
    if (!make) throw new BackendError("A weight was asked for twice.");
    this.#make = undefined;
    return make().subarray(from, to);
  }
}

/** One buffer for all weights, one after another. */
class Scratch {
  #buffer = new Float32Array(0);

  take(length: number): Float32Array<ArrayBuffer> {
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    return this.#buffer.subarray(0, length);
  }
}
