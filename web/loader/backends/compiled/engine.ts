/** An instance of the compiled engine; the calls are described in web/engine/README.md. */
import { BackendError } from "../../api/errors.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { openSafetensors, type StoredEntry, type StoredWeight } from "../weights/safetensors.ts";

interface Exports {
  __stack_pointer: WebAssembly.Global;
  engine_base(): number;
  engine_check(plan: number, length: number, available: number): number;
  engine_weight_length(weight: number): number;
  engine_store(weight: number, form: number, channels: number, inner: number): number;
  engine_stored_bytes(weight: number): number;
  engine_stored_scales(weight: number): number;
  engine_size(threads: number): number;
  engine_place(available: number, threads: number): number;
  engine_staging(): number;
  engine_staging_bytes(): number;
  engine_scale(weight: number, first: number, bytes: number, length: number): number;
  engine_unpack(weight: number, first: number, bytes: number, length: number): number;
  engine_ready(): number;
  engine_stack(thread: number): number;
  engine_input(): number;
  engine_input_length(): number;
  engine_output(): number;
  engine_output_length(): number;
  engine_run(thread: number, threads: number): number;
}

const PAGE = 65_536;
/** Pages of memory that the modules need at the start. */
const FIRST_PAGES = 16;
/** Maximum of a shared memory. */
const MAX_PAGES = 65_535;

/** The message that starts a thread. */
export interface ThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  stack: number;
  thread: number;
  threads: number;
}

/** The engine with one model. */
export class Engine {
  readonly #module: WebAssembly.Module;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;
  readonly #threads: number;

  private constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    exports: Exports,
    threads: number,
  ) {
    this.#module = module;
    this.#memory = memory;
    this.#exports = exports;
    this.#threads = threads;
  }

  /**
   * Unpacks the weights as they arrive. Raises BackendError where the engine refuses the plan or the weights, or needs too
   * much memory, and the errors of the download.
   */
  static async create(
    module: WebAssembly.Module,
    plan: Uint8Array,
    weights: PartedBytes,
    threads: number,
  ): Promise<Engine> {
    const shared = threads > 1 ? { maximum: MAX_PAGES, shared: true } : {};
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, ...shared });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const engine = new Engine(module, memory, exports as unknown as Exports, threads);
    await engine.#load(plan, weights);
    return engine;
  }

  get inputLength(): number {
    return this.#exports.engine_input_length();
  }

  /** The messages that start the other threads. */
  threadStarts(): ThreadStart[] {
    return Array.from({ length: this.#threads - 1 }, (_, index) => ({
      module: this.#module,
      memory: this.#memory,
      stack: this.#exports.engine_stack(index + 1) >>> 0,
      thread: index + 1,
      threads: this.#threads,
    }));
  }

  /** The output for one sample. */
  run(sample: Float32Array): Float32Array {
    const { buffer } = this.#memory;
    const input = this.#exports.engine_input() >>> 0;
    new Float32Array(buffer, input, sample.length).set(sample);
    succeed("run", this.#exports.engine_run(0, this.#threads));
    const output = this.#exports.engine_output() >>> 0;
    return new Float32Array(buffer, output, this.#exports.engine_output_length()).slice();
  }

  async #load(plan: Uint8Array, file: PartedBytes): Promise<void> {
    const exports = this.#exports;
    const base = exports.engine_base() >>> 0;
    this.#grow(base + 2 * plan.length + PAGE);
    new Uint8Array(this.#memory.buffer).set(plan, base);
    const available = (): number => this.#memory.buffer.byteLength - base;
    succeed("check", exports.engine_check(base, plan.length, available()));
    const isUsed = (name: string): boolean => exports.engine_weight_length(numberOf(name)) > 0;
    const weights = await openSafetensors(file, isUsed);
    for (const weight of weights) this.#declare(weight);
    const size = exports.engine_size(this.#threads) >>> 0;
    if (!size)
      throw new BackendError("A weight is missing, or the engine needs over 4 GiB of memory.");
    this.#grow(base + size);
    succeed("place", exports.engine_place(available(), this.#threads));
    const staging = exports.engine_staging() >>> 0;
    const room = Math.min(exports.engine_staging_bytes() >>> 0, 2 ** 22) & ~15;
    const unpack = async (
      entry: { from: number; to: number },
      call: (first: number, length: number) => number,
    ): Promise<void> => {
      for (let at = entry.from; at < entry.to; at += room) {
        const length = Math.min(room, entry.to - at);
        await file.arrive(at, at + length);
        file.copy(at, new Uint8Array(this.#memory.buffer, staging, length));
        succeed("unpack", call(at - entry.from, length));
      }
      file.release(entry.from, entry.to);
    };
    for (const { name, stored, scale } of weights) {
      const weight = numberOf(name);
      if (scale) {
        await unpack(scale, (first, length) =>
          exports.engine_scale(weight, first, staging, length),
        );
      }
      await unpack(stored, (first, length) =>
        exports.engine_unpack(weight, first, staging, length),
      );
    }
    succeed("ready", exports.engine_ready());
  }

  /** Declares the encoding of a weight, and checks that engine and file agree on its size. Raises BackendError. */
  #declare({ name, stored, scale }: StoredWeight): void {
    const exports = this.#exports;
    const weight = numberOf(name);
    const axis = Math.max(scale?.shape.findIndex((size) => size > 1) ?? 0, 0);
    const scales = scale ? product(scale.shape) : 0;
    /** Encoding, channels and inner size, as engine_store takes them. */
    const layouts: Record<StoredEntry["dtype"], [number, number, number]> = {
      F32: [0, 1, 1],
      F16: [1, 1, 1],
      I8: [2, scales, product(stored.shape.slice(axis + 1))],
      U8: [3, scale?.shape[1] ?? 0, 1],
    };
    succeed("store", exports.engine_store(weight, ...layouts[stored.dtype]));
    const bytes = exports.engine_stored_bytes(weight) >>> 0;
    if (bytes !== stored.to - stored.from || exports.engine_stored_scales(weight) !== scales) {
      throw new BackendError(`The weights do not match the plan: ${name} differs.`);
    }
  }

  #grow(bytes: number): void {
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.#memory.grow(missing);
    } catch (error) {
      const needed = `${Math.ceil(bytes / 2 ** 20)} MiB`;
      throw new BackendError(`The engine needs ${needed}, which this device cannot allocate.`, {
        cause: error,
      });
    }
  }
}

/** Runs a thread, until its worker is terminated. */
export async function runThread(start: ThreadStart): Promise<void> {
  const { module, memory, stack, thread, threads } = start;
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  exports.__stack_pointer.value = stack;
  while (exports.engine_run(thread, threads) === 0);
}

/** `w12` → 12 */
function numberOf(name: string): number {
  return Number(name.slice(1));
}

function product(dimensions: number[]): number {
  return dimensions.reduce((size, dimension) => size * dimension, 1);
}

function succeed(what: string, code: number): void {
  if (code) throw new BackendError(`The compiled engine failed: ${what}, code ${code}.`);
}
