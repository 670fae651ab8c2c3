import { decodeInto, lengthOf, type Scale, type Stored } from "./encodings.ts";
import { BackendError } from "./errors.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** External data as onnxruntime-web takes it: a name that the graph knows, and its bytes. */
export interface ExternalData {
  path: string;
  data: Uint8Array;
}

/**
 * The weights of a safetensors file, each turned into float32 when onnxruntime-web copies it, and not before: of the
 * decoded weights only one is in memory at a time besides onnxruntime-web's own. A part is let go with the last weight
 * in it, so `parts` is empty in the end.
 */
export function externalData(parts: (Bytes | undefined)[]): ExternalData[] {
  const file = new PartedBytes(parts);
  const headerSize = Number(new DataView(file.read(0, 8).slice().buffer).getBigUint64(0, true));
  const { __metadata__, ...header } = JSON.parse(
    new TextDecoder().decode(file.read(8, headerSize)),
  ) as Header;
  const start = 8 + headerSize;
  const names = Object.keys(header).filter((name) => !name.endsWith(".scale"));
  const pieces = (name: string): HeaderEntry[] =>
    [header[name], header[`${name}.scale`]].filter((entry) => entry !== undefined);
  file.expect(0, start);
  for (const name of names) {
    for (const { data_offsets: range } of pieces(name))
      file.expect(start + range[0], start + range[1]);
  }
  file.release(0, start);
  const scratch = new Scratch();
  const decodeEntry = (entry: HeaderEntry, out: Float32Array<ArrayBuffer>, scale?: Scale): void => {
    const [from, to] = entry.data_offsets;
    if (entry.dtype === "F32") file.copy(start + from, bytesOf(out));
    else decodeInto(out, { ...entry, bytes: file.read(start + from, to - from) }, scale);
    file.release(start + from, start + to);
  };
  return names.map((name) => {
    const [stored, scale] = pieces(name) as [HeaderEntry, HeaderEntry?];
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

type Header = Record<string, HeaderEntry> & { __metadata__?: unknown };
type HeaderEntry = Omit<Stored, "bytes"> & { data_offsets: [number, number] };

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

/** Parts that make up a file. */
class PartedBytes {
  readonly #parts: (Bytes | undefined)[];
  readonly #starts: number[] = [];
  /** Used again and again: garbage by the hundred megabytes would not be collected in time. */
  #joined = new Uint8Array(0);
  /** Reads that each part still waits for. */
  readonly #awaited: number[];

  constructor(parts: (Bytes | undefined)[]) {
    this.#parts = parts;
    this.#awaited = parts.map(() => 0);
    let at = 0;
    for (const part of parts) {
      this.#starts.push(at);
      at += part!.length;
    }
    this.#starts.push(at);
  }

  /** The bytes from `at` on, to be used before the next call: where they lie in several parts, they are put together. */
  read(at: number, size: number): Bytes {
    const [first, ...others] = this.#indices(at, at + size);
    if (first !== undefined && !others.length) {
      const from = at - this.#starts[first]!;
      return this.#parts[first]!.subarray(from, from + size);
    }
    if (this.#joined.length < size) this.#joined = new Uint8Array(size);
    const whole = this.#joined.subarray(0, size);
    this.copy(at, whole);
    return whole;
  }

  /** Fills `out` with the bytes from `at` on. */
  copy(at: number, out: Bytes): void {
    for (const index of this.#indices(at, at + out.length)) {
      const start = this.#starts[index]!;
      const from = Math.max(at - start, 0);
      out.set(this.#parts[index]!.subarray(from, at + out.length - start), start + from - at);
    }
  }

  /** Announces a read, after which `release` is called. */
  expect(from: number, to: number): void {
    for (const index of this.#indices(from, to)) this.#awaited[index]!++;
  }

  release(from: number, to: number): void {
    for (const index of this.#indices(from, to)) {
      if (--this.#awaited[index]! === 0) this.#parts[index] = undefined;
    }
  }

  *#indices(from: number, to: number): Generator<number> {
    for (let index = 0; index < this.#parts.length; index++) {
      if (this.#starts[index]! < to && this.#starts[index + 1]! > from) yield index;
    }
  }
}
