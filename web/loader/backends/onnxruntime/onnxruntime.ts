import type * as Ort from "onnxruntime-web";
import { BackendError } from "../../api/errors.ts";
import type { ModelInfo, RuntimeFiles } from "../../api/manifest.ts";
import type { Delivery } from "../../fetch/delivery.ts";
import { importScript, preload } from "../../fetch/scripts.ts";
import { SharedByKey } from "../../fetch/single_flight.ts";
import type { Backend } from "../backend.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import { externalData } from "./external_data.ts";

type Runtime = typeof Ort;

/** Which of onnxruntime-web's builds, and how many threads it starts. */
export interface RuntimeKind {
  provider: "wasm" | "webgpu";
  threads: number;
}

/** Milliseconds in which the threads have to start. */
const POOL_START = 10_000;

/** One runtime of a kind for each site that models are loaded from: its threads and its memory are shared. */
const runtimes = new SharedByKey<Runtime>();

/** Loads onnxruntime-web once for each kind. One model's `signal` does not take it from another. */
export function loadRuntime(
  base: URL,
  files: RuntimeFiles,
  kind: RuntimeKind,
  deliveryUntil: (signal: AbortSignal) => Delivery,
  signal: AbortSignal,
): Promise<Runtime> {
  return runtimes.wait(`${base.href} ${kind.provider} ${kind.threads}`, signal, (all) =>
    startRuntime(base, files, kind, deliveryUntil(all)),
  );
}

async function startRuntime(
  base: URL,
  files: RuntimeFiles,
  { provider, threads }: RuntimeKind,
  delivery: Delivery,
): Promise<Runtime> {
  const [api, mjs, wasmBinary] = await Promise.all([
    // One module has one pool of threads for ever.
    preload(base, files.api, threads > 1 ? `#${threads}` : ""),
    preload(base, files.glue),
    delivery.fetchWhole(files.wasm, provider === "wasm" ? "onnxruntime-web" : "onnxruntime-webgpu"),
  ]);
  const ort = await importScript<Runtime>(api);
  ort.env.logLevel = "error";
  Object.assign(ort.env.wasm, {
    wasmBinary,
    // The file itself is never fetched by onnxruntime-web, which has its bytes.
    wasmPaths: { mjs, wasm: new URL(files.wasm.parts[0]!.path, base).href },
    numThreads: threads,
    initTimeout: threads > 1 ? POOL_START : 0,
    proxy: false,
  });
  if (provider === "wasm") {
    // The first session compiles the runtime: one of a tiny model, while the real one still arrives.
    const tiny = Uint8Array.from(atob(IDENTITY), (letter) => letter.charCodeAt(0));
    await (await createSession(ort, tiny, "anything")).release();
    delete ort.env.wasm.wasmBinary; // compiled by now, and not needed again
  }
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
  weights: PartedBytes;
}

/** Makes a session. Raises BackendError. */
export async function createOnnxRuntimeBackend(
  ort: Runtime,
  { provider, threads }: RuntimeKind,
  version: string,
  info: ModelInfo,
  { graph, weights }: ModelBytes,
): Promise<Backend> {
  const session = await createSession(ort, graph, info.name, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    externalData: await externalData(weights),
    // Rearranged copies of large matrices would double their memory, and save no time for one picture.
    extra: { session: { disable_prepacking: "1" } },
  });
  const where =
    provider === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
  const [, ...imageShape] = info.input.shape;
  return {
    name: provider,
    description: `onnxruntime-web ${version} (${where})`,
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
