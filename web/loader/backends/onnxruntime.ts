import type * as Ort from "onnxruntime-web";
import type { Backend } from "../backend.ts";
import type { Delivery } from "../delivery.ts";
import { BackendError } from "../errors.ts";
import type { ModelInfo, RuntimeInfo } from "../manifest.ts";
import { importScript, preload } from "../scripts.ts";
import { Shared } from "../shared.ts";
import { externalData } from "../weights.ts";

type Runtime = typeof Ort;

/** One runtime for each site that models are loaded from: its threads and its memory are shared. */
const runtimes = new Map<string, Shared<Runtime>>();

/**
 * Loads onnxruntime-web once; `threads` counts only the first time, as its pool is made then. One model's `signal` does
 * not take it from another.
 */
export async function loadRuntime(
  base: URL,
  info: RuntimeInfo,
  threads: number,
  deliveryUntil: (signal: AbortSignal) => Delivery,
  signal: AbortSignal,
): Promise<Runtime> {
  let runtime = runtimes.get(base.href);
  if (!runtime) {
    runtime = new Shared((all) => startRuntime(base, info, threads, deliveryUntil(all)));
    runtimes.set(base.href, runtime);
  }
  const own = runtime;
  return own.wait(signal, () => {
    // The next call tries again.
    if (runtimes.get(base.href) === own) runtimes.delete(base.href);
  });
}

async function startRuntime(
  base: URL,
  { files }: RuntimeInfo,
  threads: number,
  delivery: Delivery,
): Promise<Runtime> {
  const [api, mjs, wasmBinary] = await Promise.all([
    preload(base, files.api),
    preload(base, files.glue),
    delivery.fetchWhole(files.wasm, "onnxruntime-web"),
  ]);
  const ort = await importScript<Runtime>(api);
  ort.env.logLevel = "error";
  Object.assign(ort.env.wasm, {
    wasmBinary,
    // The file itself is never fetched by onnxruntime-web, which has its bytes.
    wasmPaths: { mjs, wasm: new URL(files.wasm.parts[0]!.path, base).href },
    numThreads: globalThis.crossOriginIsolated ? threads : 1,
    proxy: false,
  });
  // The first session compiles the runtime: one of a tiny model, while the real one still arrives.
  const tiny = Uint8Array.from(atob(IDENTITY), (letter) => letter.charCodeAt(0));
  await (await createSession(ort, tiny, "anything")).release();
  delete ort.env.wasm.wasmBinary; // compiled by now, and not needed again
  return ort;
}

/** ONNX with nothing but one Identity of a number. */
const IDENTITY = "CAcSADovChAKAWESAWIiCElkZW50aXR5EgFnWgsKAWESBgoECAESAGILCgFiEgYKBAgBEgBCBAoAEAw=";

/** Ends with the last session that was asked for. */
let creating: Promise<unknown> = Promise.resolve();

/** Makes a session. Raises BackendError. */
async function createSession(
  ort: Runtime,
  graph: Uint8Array,
  name: string,
  options: Ort.InferenceSession.SessionOptions = {},
): Promise<Ort.InferenceSession> {
  // One after another: all sessions share one table of external data, which each empties at its end.
  const turn = creating.then(() =>
    ort.InferenceSession.create(graph, { executionProviders: ["wasm"], ...options }),
  );
  creating = turn.catch(() => {});
  try {
    return await turn;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`onnxruntime-web cannot run ${name}: ${reason}`, { cause: error });
  }
}

/** What a session is made of. */
export interface ModelBytes {
  /** ONNX without weights. */
  graph: Uint8Array;
  /** The parts of the weights, which are let go as they are used. */
  weights: Uint8Array<ArrayBuffer>[];
}

/** Makes a session. Raises BackendError. */
export async function createOnnxRuntimeBackend(
  ort: Runtime,
  version: string,
  info: ModelInfo,
  { graph, weights }: ModelBytes,
): Promise<Backend> {
  const session = await createSession(ort, graph, info.name, {
    graphOptimizationLevel: "all",
    externalData: externalData(weights),
    // Rearranged copies of large matrices would double their memory, and save no time for one picture.
    extra: { session: { disable_prepacking: "1" } },
  });
  const threads = ort.env.wasm.numThreads ?? 1;
  const [, ...imageShape] = info.input.shape;
  return {
    name: "wasm",
    description: `onnxruntime-web ${version} (WebAssembly, ${threads} thread${threads === 1 ? "" : "s"})`,
    threads,
    async run(tensor, batch) {
      const input = new ort.Tensor("float32", tensor, [batch, ...imageShape]);
      try {
        const results = await session.run({ [info.input.name]: input });
        const output = results[info.output.name];
        if (!output) throw new Error(`it gave no output ${info.output.name}`);
        return output.data as Float32Array;
      } catch (error) {
        throw new BackendError(
          `onnxruntime-web failed while it ran ${info.name}: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    },
    dispose: () => session.release(),
  };
}
