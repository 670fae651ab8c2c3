import type * as Ort from "onnxruntime-web";
import { BackendError } from "../../api/errors.ts";
import type { ModelInfo, RuntimeFiles } from "../../api/manifest.ts";
import type { Delivery } from "../../fetch/delivery.ts";
import { importChunk } from "../../fetch/chunks/chunks.ts";
import { importScript, preload } from "../../fetch/chunks/scripts.ts";
import { SingleFlight } from "../../fetch/concurrency/single_flight.ts";
import type { Backend } from "../backend.ts";
import type { PartedBytes } from "../weights/parted_bytes.ts";
import type * as Weights from "./weights.chunk.ts";

type Runtime = typeof Ort;

/** A build of onnxruntime-web, and its number of threads. */
export interface RuntimeKind {
  provider: "wasm" | "webgpu";
  threads: number;
}

/** Milliseconds in which the threads have to start. */
const START_TIMEOUT = 10_000;

/** One runtime per site and kind; models share its threads and memory. */
const runtimes = new SingleFlight<Runtime>();

/** Loads onnxruntime-web, once per kind: it is aborted only when all that await it have aborted. */
export function loadRuntime(
  base: URL,
  files: RuntimeFiles,
  kind: RuntimeKind,
  deliveryUntil: (signal: AbortSignal) => Delivery,
  signal: AbortSignal,
): Promise<Runtime> {
  return runtimes.run(`${base.href} ${kind.provider} ${kind.threads}`, signal, (shared) =>
    startRuntime(base, files, kind, deliveryUntil(shared)),
  );
}

/** Its name in the progress. */
export function runtimeName({ provider }: RuntimeKind): string {
  return provider === "wasm" ? "onnxruntime-web" : "onnxruntime-webgpu";
}

async function startRuntime(
  base: URL,
  files: RuntimeFiles,
  kind: RuntimeKind,
  delivery: Delivery,
): Promise<Runtime> {
  const { provider, threads } = kind;
  const [api, mjs, wasmBinary] = await Promise.all([
    // The pool of threads belongs to the module instance.
    preload(base, files.api, threads > 1 ? `#${threads}` : ""),
    preload(base, files.glue),
    delivery.fetchWhole(files.wasm, runtimeName(kind)),
  ]);
  const ort = (await importScript(api)) as Runtime;
  ort.env.logLevel = "error";
  Object.assign(ort.env.wasm, {
    wasmBinary,
    // Not fetched, as onnxruntime-web gets the bytes.
    wasmPaths: { mjs, wasm: new URL(files.wasm.parts[0]!.path, base).href },
    numThreads: threads,
    initTimeout: threads > 1 ? START_TIMEOUT : 0,
    proxy: false,
  });
  if (provider === "wasm") {
    // The first session compiles the runtime: a tiny model's, while the real one is downloaded.
    const tiny = Uint8Array.from(atob(IDENTITY), (letter) => letter.charCodeAt(0));
    await (await createSession(ort, tiny, "a test model")).release();
    delete ort.env.wasm.wasmBinary; // compiled, no longer needed
  }
  return ort;
}

/** An ONNX file with a single Identity of a scalar. */
const IDENTITY = "CAcSADovChAKAWESAWIiCElkZW50aXR5EgFnWgsKAWESBgoECAESAGILCgFiEgYKBAgBEgBCBAoAEAw=";

/** Settles when the last requested session was created. */
let creating: Promise<unknown> = Promise.resolve();

/** Raises BackendError. */
async function createSession(
  ort: Runtime,
  graph: Uint8Array,
  name: string,
  options: Ort.InferenceSession.SessionOptions = {},
): Promise<Ort.InferenceSession> {
  // One at a time: sessions share a table of external data, which each clears at its end.
  const session = creating.then(() =>
    ort.InferenceSession.create(graph, { executionProviders: ["wasm"], ...options }),
  );
  creating = session.catch(() => {});
  try {
    return await session;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendError(`onnxruntime-web cannot run ${name}: ${reason}`, { cause: error });
  }
}

/** The model's files, and what reads them. */
export interface ModelBytes {
  weightsChunk: typeof Weights;
  /** ONNX with its weights as external data. */
  graph: Uint8Array;
  /** Parts are freed as they are used. */
  weights: PartedBytes;
}

/** The part of a GPUDevice (W3C, WebGPU, 22.1) that is used. */
interface Device {
  lost: Promise<{ message: string }>;
}

/** A chunk of the loader. Raises DownloadError or IntegrityError. */
export async function importWeights(): Promise<typeof Weights> {
  return (await importChunk("weights")) as typeof Weights;
}

/** Raises BackendError. */
export async function createOnnxRuntimeBackend(
  ort: Runtime,
  { provider, threads }: RuntimeKind,
  version: string,
  info: ModelInfo,
  { graph, weights, weightsChunk }: ModelBytes,
): Promise<Backend> {
  const session = await createSession(ort, graph, info.name, {
    executionProviders: [provider],
    graphOptimizationLevel: "all",
    externalData: await weightsChunk.externalData(weights),
    // Prepacking copies large matrices, which doubles their memory and saves no time for one image.
    extra: { session: { disable_prepacking: "1" } },
  });
  const where =
    provider === "webgpu" ? "WebGPU" : `WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`;
  const [, ...imageShape] = info.input.shape;
  const device = provider === "webgpu" ? ((await ort.env.webgpu.device) as Device) : undefined;
  return {
    name: provider,
    description: `onnxruntime-web ${version} (${where})`,
    threads,
    lost: device?.lost.then(({ message }) => message),
    async run(tensor, batch) {
      const input = new ort.Tensor("float32", tensor, [batch, ...imageShape]);
      try {
        const results = await session.run({ [info.input.name]: input });
        const output = results[info.output.name];
        if (!output) throw new Error(`it has no output ${info.output.name}`);
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
