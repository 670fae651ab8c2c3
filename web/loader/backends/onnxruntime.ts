import type * as Ort from "onnxruntime-web";
import type { Backend } from "../backend.ts";
import { download, fetchBytes, type DownloadOptions } from "../download.ts";
import { BackendError, DownloadError, IntegrityError } from "../errors.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import type { FileInfo, ModelInfo, RuntimeInfo } from "../manifest.ts";

type Runtime = typeof Ort;

/** One runtime for each site that models are loaded from: its threads and its memory are shared. */
const runtimes = new Map<string, Promise<Runtime>>();

/** Loads onnxruntime-web once; `threads` counts only the first time, as its pool is made then. */
export function loadRuntime(
  base: URL,
  info: RuntimeInfo,
  threads: number,
  onProgress: DownloadOptions["onProgress"],
): Promise<Runtime> {
  const known = runtimes.get(base.href);
  if (known) return known;
  const runtime = startRuntime(base, info, threads, onProgress);
  runtimes.set(base.href, runtime);
  runtime.catch(() => runtimes.delete(base.href)); // the next call tries again
  return runtime;
}

async function startRuntime(
  base: URL,
  { files }: RuntimeInfo,
  threads: number,
  onProgress: DownloadOptions["onProgress"],
): Promise<Runtime> {
  const [api, mjs, wasmBinary] = await Promise.all([
    preload(base, files.api),
    preload(base, files.glue),
    download(base, files.wasm, { onProgress }),
  ]);
  const ort = await importScript(api);
  ort.env.logLevel = "error";
  Object.assign(ort.env.wasm, {
    wasmBinary,
    wasmPaths: { mjs, wasm: new URL(files.wasm.path, base).href },
    numThreads: globalThis.crossOriginIsolated ? threads : 1,
    proxy: false,
  });
  return ort;
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

async function importScript(url: string): Promise<Runtime> {
  try {
    return (await import(url)) as Runtime;
  } catch (error) {
    throw new DownloadError(url, 0, "a script", "one that does not run", error);
  }
}

/**
 * Fetches a script into the page's module map with its hash checked by the browser, so that a later import
 * of the URL that is returned runs just these bytes.
 */
async function preload(base: URL, file: FileInfo): Promise<string> {
  const url = new URL(file.path, base).href;
  if (await preloads(url, file.sha256)) return url;
  // The browser does not say why: look at the bytes to tell a wrong one from a missing file.
  const bytes = await fetchBytes(url, { cache: "reload" });
  const actual = await sha256(bytes);
  if (actual !== file.sha256) throw new IntegrityError(url, file.sha256, actual);
  // They are right by now: an old copy was stored, or an earlier try failed, which browsers remember by URL.
  const again = `${url}?retry=${++retries}`;
  if (await preloads(again, file.sha256)) return again;
  throw new DownloadError(
    url,
    200,
    "a script",
    "one that the browser refuses; is it served as text/javascript?",
  );
}

let retries = 0;

async function preloads(url: string, hex: string): Promise<boolean> {
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = url;
  link.integrity = subresourceIntegrity(hex);
  link.crossOrigin = "anonymous";
  const outcome = new Promise<boolean>((resolve) => {
    link.onload = () => resolve(true);
    link.onerror = () => resolve(false);
  });
  document.head.append(link);
  const loaded = await outcome;
  link.remove();
  return loaded;
}
