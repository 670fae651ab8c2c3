import type * as Ort from "onnxruntime-web";
import type { Backend } from "../backend.ts";
import { download, fetchBytes, type DownloadOptions } from "../download.ts";
import { BackendError, DownloadError, IntegrityError } from "../errors.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import type { FileInfo, ModelInfo, RuntimeInfo } from "../manifest.ts";

type Runtime = typeof Ort;

/** One runtime for each site that models are loaded from: its threads and its memory are shared. */
const runtimes = new Map<string, Promise<Runtime>>();

/** onnxruntime-web's own limit on the threads that it takes by itself. */
const MOST_THREADS = 4;

/** Loads onnxruntime-web once; `threads` counts only the first time, as its pool is made then. */
export function loadRuntime(
  base: URL,
  info: RuntimeInfo,
  threads: number | undefined,
  options: DownloadOptions,
): Promise<Runtime> {
  const known = runtimes.get(base.href);
  if (known) return known;
  const runtime = startRuntime(base, info, threads, options);
  runtimes.set(base.href, runtime);
  runtime.catch(() => runtimes.delete(base.href)); // the next call tries again
  return runtime;
}

async function startRuntime(
  base: URL,
  { files }: RuntimeInfo,
  threads: number | undefined,
  options: DownloadOptions,
): Promise<Runtime> {
  const [ort, , wasm] = await Promise.all([
    importChecked(base, files.api, options.signal) as Promise<Runtime>,
    preload(base, files.glue, options.signal),
    download(base, files.wasm, options),
  ]);
  const { env } = ort;
  env.wasm.wasmBinary = wasm;
  env.wasm.wasmPaths = {
    mjs: new URL(files.glue.path, base).href,
    wasm: new URL(files.wasm.path, base).href,
  };
  env.wasm.numThreads = threads ?? defaultThreads();
  env.wasm.proxy = false;
  env.logLevel = "error";
  return ort;
}

/** Half of the cores, as the rest of the page wants to run too; one where the page is not isolated. */
function defaultThreads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(MOST_THREADS, Math.ceil(navigator.hardwareConcurrency / 2)));
}

/** Makes a session of `model`'s bytes. Raises BackendError. */
export async function createOnnxRuntimeBackend(
  ort: Runtime,
  version: string,
  info: ModelInfo,
  bytes: Uint8Array,
): Promise<Backend> {
  let session: Ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "all",
    });
  } catch (error) {
    throw new BackendError(
      `onnxruntime-web cannot run ${info.name}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  const threads = globalThis.crossOriginIsolated ? (ort.env.wasm.numThreads ?? 1) : 1;
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

async function importChecked(
  base: URL,
  file: FileInfo,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const url = await preload(base, file, signal);
  try {
    return await import(url);
  } catch (error) {
    throw new DownloadError(url, 0, "this script did not load", error);
  }
}

/**
 * Fetches a script into the page's module map with its hash checked by the browser, so that a later import
 * of the same URL runs just these bytes. Returns the URL.
 */
async function preload(
  base: URL,
  file: FileInfo,
  signal: AbortSignal | undefined,
): Promise<string> {
  const url = new URL(file.path, base).href;
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = url;
  link.integrity = subresourceIntegrity(file.sha256);
  link.crossOrigin = "anonymous";
  const outcome = new Promise<boolean>((resolve) => {
    link.onload = () => resolve(true);
    link.onerror = () => resolve(false);
  });
  document.head.append(link);
  const loaded = await outcome;
  link.remove();
  signal?.throwIfAborted();
  if (loaded) return url;
  // The event says nothing more: fetch once again to tell a wrong byte from a missing file.
  const bytes = await fetchBytes(url, { signal, cache: "reload" });
  const actual = await sha256(bytes);
  if (actual !== file.sha256) throw new IntegrityError(url, file.sha256, actual);
  throw new DownloadError(
    url,
    200,
    "the browser refused this script; is it served as text/javascript?",
  );
}
