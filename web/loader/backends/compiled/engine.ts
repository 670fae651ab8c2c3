/** The compiled engine in a memory of its own: what web/engine/README.md says, call by call. */
import { BackendError } from "../../api/errors.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { openSafetensors, type StoredWeight } from "../weights/safetensors.ts";

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
/** Pages that the modules need before they are asked for anything. */
const FIRST_PAGES = 16;
/** The most that a shared memory may have. */
const MOST_PAGES = 65_535;

/** What a further thread is started with. */
export interface ThreadStart {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  stack: number;
  thread: number;
  threads: number;
}

/** One model in the engine. */
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
   * Unpacks weights as they come. Raises BackendError where the plan or the weights are not what the engine takes, or need
   * too much memory, and what fetching the weights raises.
   */
  static async create(
    module: WebAssembly.Module,
    plan: Uint8Array,
    weights: PartedBytes,
    threads: number,
  ): Promise<Engine> {
    const shared = threads > 1 ? { maximum: MOST_PAGES, shared: true } : {};
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, ...shared });
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const engine = new Engine(module, memory, exports as unknown as Exports, threads);
    await engine.#load(plan, weights);
    return engine;
  }

  get inputLength(): number {
    return this.#exports.engine_input_length();
  }

  /** How each further thread is to be started. */
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
    if (!size) throw new BackendError("The engine lacks a weight, or needs over 4 GiB of memory.");
    this.#grow(base + size);
    succeed("place", exports.engine_place(available(), this.#threads));
    const staging = exports.engine_staging() >>> 0;
    const room = Math.min(exports.engine_staging_bytes() >>> 0, 2 ** 22) & ~15;
    const bring = async (
      entry: { from: number; to: number },
      take: (first: number, length: number) => number,
    ): Promise<void> => {
      for (let at = entry.from; at < entry.to; at += room) {
        const length = Math.min(room, entry.to - at);
        await file.arrive(at, at + length);
        file.copy(at, new Uint8Array(this.#memory.buffer as ArrayBuffer, staging, length));
        succeed("unpack", take(at - entry.from, length));
      }
      file.release(entry.from, entry.to);
    };
    for (const { name, stored, scale } of weights) {
      const weight = numberOf(name);
      if (scale) {
        await bring(scale, (first, length) => exports.engine_scale(weight, first, staging, length));
      }
      await bring(stored, (first, length) => exports.engine_unpack(weight, first, staging, length));
    }
    succeed("ready", exports.engine_ready());
  }

  /** Tells the engine how the file stores a weight, and makes sure that both mean the same bytes. */
  #declare({ name, stored, scale }: StoredWeight): void {
    const exports = this.#exports;
    const weight = numberOf(name);
    const axis = Math.max(scale?.shape.findIndex((side) => side > 1) ?? 0, 0);
    const scales = scale ? product(scale.shape) : 0;
    const layout = {
      F32: [0, 1, 1],
      F16: [1, 1, 1],
      I8: [2, scales, product(stored.shape.slice(axis + 1))],
      U8: [3, scale?.shape[1] ?? 0, 1],
    }[stored.dtype] as [number, number, number];
    succeed("store", exports.engine_store(weight, ...layout));
    const bytes = exports.engine_stored_bytes(weight) >>> 0;
    if (bytes !== stored.to - stored.from || exports.engine_stored_scales(weight) !== scales) {
      throw new BackendError(`The weights are not those of the engine's plan: ${name} differs.`);
    }
  }

  #grow(bytes: number): void {
    const missing = Math.ceil((bytes - this.#memory.buffer.byteLength) / PAGE);
    if (missing <= 0) return;
    try {
      this.#memory.grow(missing);
    } catch (error) {
      const needed = `${Math.ceil(bytes / 2 ** 20)} MiB`;
      throw new BackendError(`This device does not give the engine the ${needed} that it needs.`, {
        cause: error,
      });
    }
  }
}

/** Runs a further thread: until the worker that it is in is ended. */
export async function runThread(start: ThreadStart): Promise<void> {
  const { module, memory, stack, thread, threads } = start;
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const exports = instance.exports as unknown as Exports;
  exports.__stack_pointer.value = stack;
  while (exports.engine_run(thread, threads) === 0);
}

/** Of `w12`: 12. */
function numberOf(name: string): number {
  return Number(name.slice(1));
}

function product(sides: number[]): number {
  return sides.reduce((whole, side) => whole * side, 1);
}

function succeed(what: string, code: number): void {
  if (code) throw new BackendError(`The compiled engine refused its ${what} with code ${code}.`);
}
