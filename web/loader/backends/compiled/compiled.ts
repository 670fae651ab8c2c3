/** The compiled engine as a backend: a WebAssembly module that runs the plan of a model. */
import { BackendError } from "../../api/errors.ts";
import type { EngineBuild, EngineInfo, Manifest, ModelInfo } from "../../api/manifest.ts";
import type { Delivery } from "../../fetch/delivery.ts";
import { versionAdvice } from "../../fetch/manifest/versions.ts";
import { SingleFlight } from "../../fetch/concurrency/single_flight.ts";
import type { Backend } from "../backend.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { Engine } from "./engine.ts";
import { startThreads } from "./threads.ts";

/** Its name in the progress. */
export const ENGINE = "engine";

/** Version of the engine's calls, and of the encodings of weights, that this loader knows (web/engine/README.md). */
const INTERFACE = 1;

/** By site and build. */
const modules = new SingleFlight<WebAssembly.Module>();

/** Downloads and compiles one of the engine's builds, once. */
export function loadEngine(
  base: URL,
  info: EngineInfo,
  build: EngineBuild,
  deliveryUntil: (signal: AbortSignal) => Delivery,
  signal: AbortSignal,
): Promise<WebAssembly.Module> {
  return modules.run(`${base.href} ${build}`, signal, async (shared) => {
    const bytes = await deliveryUntil(shared).fetchWhole(info.files[build], ENGINE);
    try {
      return await WebAssembly.compile(bytes);
    } catch (error) {
      throw new BackendError("The compiled engine does not run here.", { cause: error });
    }
  });
}

/**
 * Raises BackendError, after a warning, where the site's engine is called in another way: another backend may still run
 * the site's models, more slowly.
 */
export async function requireInterface(manifest: Manifest): Promise<void> {
  if ((manifest.engine!.interface ?? INTERFACE) === INTERFACE) return;
  throw new BackendError((await versionAdvice(manifest, INTERFACE)) || "Another interface.");
}

/** The model's files. */
export interface PlannedModel {
  plan: Uint8Array;
  /** Unpacked as the parts arrive, which are then freed. */
  weights: PartedBytes;
}

/** Raises BackendError. */
export async function createCompiledBackend(
  module: WebAssembly.Module,
  { version }: EngineInfo,
  info: ModelInfo,
  { plan, weights }: PlannedModel,
  threads: number,
): Promise<Backend> {
  const engine = await Engine.create(module, plan, weights, threads);
  const [, channels, height, width] = info.input.shape;
  const size = channels * height * width;
  if (engine.inputLength !== size) {
    throw new BackendError(
      `The plan expects ${engine.inputLength} input values, ${info.name} has ${size}.`,
    );
  }
  const workers = await startThreads(engine.threadStarts());
  let current: Engine | undefined = engine;
  return {
    name: "compiled",
    description: `compiled engine ${version.slice(0, 8)} (WebAssembly, ${threads} thread${threads === 1 ? "" : "s"})`,
    threads,
    async run(tensor, batch) {
      if (!current) throw new BackendError(`${info.name} was disposed of; load it again.`);
      const outputs: Float32Array[] = [];
      try {
        for (let i = 0; i < batch; i++) {
          outputs.push(current.run(tensor.subarray(i * size, (i + 1) * size)));
        }
      } catch (error) {
        if (error instanceof BackendError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new BackendError(`The compiled engine failed while it ran ${info.name}: ${reason}`, {
          cause: error,
        });
      }
      const joined = new Float32Array(outputs.reduce((sum, { length }) => sum + length, 0));
      outputs.reduce((at, output) => (joined.set(output, at), at + output.length), 0);
      return joined;
    },
    async dispose() {
      // The memory is collected with its last reference.
      current = undefined;
      for (const worker of workers) worker.terminate();
    },
  };
}
