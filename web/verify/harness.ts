/** The module `harness`, through which the tests in Python use the loader and the page. */
import type { PyodideAPI } from "pyodide";
import type { PyProxy } from "pyodide/ffi";
import type { AnyPrediction, listModels, loadModel, Model, Progress } from "../loader/torch2web.ts";

/** The result of one test. */
export interface TestResult {
  name: string;
  outcome: "passed" | "failed" | "skipped";
  seconds: number;
  /** Why it failed or was skipped; empty if it passed. */
  message: string;
}

export interface Listener {
  /** Called with the names of all tests before the first one runs. */
  collected: (names: string[]) => void;
  report: (result: TestResult) => void;
  onProgress: (progress: Progress) => void;
}

/** The loaded models and their logits, by `model/variant`. */
export interface Answers {
  models: Map<string, Promise<Model<AnyPrediction>>>;
  /** By model and image. */
  logits: Map<string, Map<string, Float32Array>>;
}

export interface HarnessOptions {
  /** False where images cannot be decoded, as in Node: Python then passes their pixels. */
  decodes?: boolean;
  /** Whether to test every variant of a model, not only the default one. */
  everyVariant?: boolean;
}

/** Registers the module `harness` for Python. */
export function registerHarness(
  python: PyodideAPI,
  base: URL,
  loader: { loadModel: typeof loadModel; listModels: typeof listModels },
  listener: Listener,
  { decodes = true, everyVariant = false }: HarnessOptions = {},
): Answers {
  const models: Answers["models"] = new Map();
  const logits: Answers["logits"] = new Map();
  let listed: ReturnType<typeof listModels> | undefined;
  const load = (id: string): Promise<Model<AnyPrediction>> => {
    const [name, variant] = id.split("/") as [string, string];
    const model =
      models.get(id) ??
      (listed ??= loader.listModels(base)).then((models) =>
        loader.loadModel(name, {
          task: models.find((other) => other.name === name)?.task ?? "classification",
          baseURL: base,
          variant,
          onProgress: (progress) => listener.onProgress(progress),
        }),
      );
    models.set(id, model);
    if (!logits.has(id)) logits.set(id, new Map());
    return model;
  };
  const source = async (image: string, pixels?: ImageData): Promise<Blob | ImageData> =>
    pixels ?? (await fetchFile(base, `verify/python/pictures/${image}.png`)).blob();

  python.registerJsModule("harness", {
    decodes,
    everyVariant,
    collected: (names: string) => listener.collected(JSON.parse(names) as string[]),
    report: (name: string, outcome: TestResult["outcome"], seconds: number, message: string) =>
      listener.report({ name, outcome, seconds, message }),
    painted,
    imageData(proxy: PyProxy, width: number, height: number): ImageData {
      const buffer = (proxy as PyProxy & Buffered).getBuffer("u8clamped");
      const image = new ImageData(width, height);
      image.data.set(buffer.data);
      buffer.release();
      return image;
    },
    async readFile(path: string): Promise<Uint8Array> {
      return new Uint8Array(await (await fetchFile(base, path)).arrayBuffer());
    },
    async openFile(
      path: string,
      size: number,
    ): Promise<{ next(): Promise<Uint8Array | undefined> }> {
      return blocksOf(await fetchFile(base, path), size);
    },
    async loaded(name: string): Promise<string> {
      const { info, variant, backend } = await load(name);
      const { cache: _, manifest: __, ...entry } = info;
      return JSON.stringify({ info: entry, variant, backend });
    },
    /** Frees a model's memory; its logits stay in the answers. */
    async release(id: string): Promise<void> {
      await (await models.get(id)?.catch(() => undefined))?.dispose();
    },
    async preprocess(name: string, image: string, pixels?: ImageData): Promise<Float32Array> {
      return (await load(name)).preprocess(await source(image, pixels));
    },
    async predict(name: string, image: string, pixels?: ImageData): Promise<string> {
      const prediction = await (await load(name)).predict(await source(image, pixels));
      logits.get(name)!.set(image, prediction.logits);
      return JSON.stringify(prediction, (_, value: unknown) =>
        value instanceof Float32Array ? [...value] : value,
      );
    },
    async run(name: string, proxy: PyProxy): Promise<string> {
      // A view of Python's memory, which moves when it grows: copied before the first await.
      const buffer = (proxy as PyProxy & Buffered).getBuffer("f32");
      const tensor = (buffer.data as Float32Array).slice();
      buffer.release();
      return JSON.stringify([...(await (await load(name)).run(tensor))]);
    },
  });
  return { models, logits };
}

interface Buffered {
  getBuffer(type: string): { data: ArrayLike<number>; release(): void };
}

/** Lets the browser paint. */
function painted(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function fetchFile(base: URL, path: string): Promise<Response> {
  const url = new URL(path, base);
  // From the HTTP cache, where the loader fetched it already.
  const response = await fetch(url, { cache: "force-cache" });
  if (!response.ok) throw new Error(`${url.href}: HTTP status ${response.status}`);
  return response;
}

/** The bytes of a response, `size` at a time. */
function blocksOf(response: Response, size: number): { next(): Promise<Uint8Array | undefined> } {
  const reader = response.body!.getReader();
  let rest = new Uint8Array(0);
  return {
    async next() {
      const block = new Uint8Array(size);
      let filled = 0;
      while (filled < size) {
        if (!rest.length) {
          const { done, value } = await reader.read();
          if (done) break;
          rest = value;
        }
        const piece = rest.subarray(0, size - filled);
        block.set(piece, filled);
        filled += piece.length;
        rest = rest.subarray(piece.length);
      }
      return filled ? block.subarray(0, filled) : undefined;
    },
  };
}
