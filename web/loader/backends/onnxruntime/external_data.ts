import { decodeInto, lengthOf, type Scale } from "../weights/encodings.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { openSafetensors, type StoredEntry } from "../weights/safetensors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** External data in onnxruntime-web's form: the name in the graph, and its bytes. */
export interface ExternalData {
  path: string;
  data: Uint8Array;
}

/**
 * The weights of a safetensors file, each decoded to float32 when onnxruntime-web copies it: besides onnxruntime-web's
 * copies only one decoded weight is in memory at a time. A part of `file` is freed after its last weight.
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
    return { path: name, data: new LazyBytes(4 * length, decode) };
  });
}

function bytesOf(values: Float32Array<ArrayBuffer>): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * Bytes that are decoded on access. onnxruntime-web reads the `byteLength` of external data, and calls its `subarray` once,
 * whose result it copies immediately.
 */
class LazyBytes extends Uint8Array {
  readonly #length: number;
  #decode: (() => Bytes) | undefined;

  constructor(length: number, decode: () => Bytes) {
    super(new ArrayBuffer(0));
    this.#length = length;
    this.#decode = decode;
  }

  override get byteLength(): number {
    return this.#length;
  }

  override subarray(from = 0, to = this.#length): Uint8Array<ArrayBuffer> {
    const decode = this.#decode;
    if (!decode) throw new Error("it read a weight twice");
    this.#decode = undefined;
    return decode().subarray(from, to);
  }
}

/** A buffer that all weights reuse. */
class Scratch {
  #buffer = new Float32Array(0);

  take(length: number): Float32Array<ArrayBuffer> {
    if (this.#buffer.length < length) this.#buffer = new Float32Array(length);
    return this.#buffer.subarray(0, length);
  }
}
