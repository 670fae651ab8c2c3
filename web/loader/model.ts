import { selfCheck, type Backend, type BackendName, type BackendReport } from "./backend.ts";
import { createOnnxRuntimeBackend, loadRuntime } from "./backends/onnxruntime.ts";
import { decode, type Decoded, type DecodedBy, type ImageSource } from "./decode.ts";
import { PartCache } from "./cache.ts";
import { Delivery, type CacheReport } from "./delivery.ts";
import type { Progress } from "./download.ts";
import { BackendError } from "./errors.ts";
import type { ModelInfo, VariantInfo } from "./manifest.ts";
import { normalise } from "./normalise.ts";
import { argmax, softmax } from "./postprocess.ts";
import type { Pixels } from "./resample.ts";
import type { PublicKey } from "./signature.ts";
import { fetchManifest, findModel, findVariant, siteURL } from "./site.ts";
import { applyStep } from "./steps.ts";

export interface LoadOptions {
  /** Folder of the site's files; by default where this script comes from. */
  baseURL?: string | URL;
  /** Name of one of the model's variants; by default the one that the build recommends. */
  variant?: string;
  /** Backends that may run the model, the preferred one first. */
  backends?: readonly BackendName[];
  /**
   * Threads to compute with, by default one. More take effect with the first model of a page, and only if
   * it is cross-origin isolated. Each further thread loads the runtime's script by itself, which browsers
   * do without checking its hash.
   */
  threads?: number;
  /** Whether to keep what was downloaded on this device for the next time; by default it is kept. */
  cache?: boolean;
  /** Milliseconds without a single byte after which a connection is given up; by default half a minute. */
  stallTimeout?: number;
  /** Told of each file as it arrives. */
  onProgress?: (progress: Progress) => void;
  /** Stops the download. */
  signal?: AbortSignal;
  /**
   * Loads only what is signed with the private key that belongs to this one: ECDSA on P-256, as PEM text
   * (`-----BEGIN PUBLIC KEY-----`) or a CryptoKey that may verify.
   */
  publicKey?: PublicKey;
}

export interface PredictOptions {
  /** Drops the prediction at the next step. */
  signal?: AbortSignal;
}

export interface Prediction {
  /** The label of the largest logit. */
  label: string;
  /** Its probability. */
  confidence: number;
  /** One for each label of `model.info.labels`, in order; they sum to 1. */
  probabilities: number[];
  logits: Float32Array;
  /** Whether the pixels were the ones that Pillow reads from the same file, or as the source holds them. */
  exact: boolean;
  /** Why they were not; empty where they were. */
  inexact: string;
  /** How the pixels were had: the loader's own decoder, the browser's through a canvas or WebGL, or none. */
  decodedBy: DecodedBy;
  timings: Timings;
}

/** In milliseconds. Of a batch, the time of the whole batch. */
export interface Timings {
  decode: number;
  preprocess: number;
  run: number;
  total: number;
}

/** A model's entry in model_info.json, and what loading it took. */
export interface LoadedModelInfo extends ModelInfo {
  cache: CacheReport;
}

export interface Model {
  readonly info: LoadedModelInfo;
  /** Name of the variant that was loaded. */
  readonly variant: string;
  /** What runs it, why, and how close it came to PyTorch on this device. */
  readonly backend: BackendReport;
  predict(source: ImageSource, options?: PredictOptions): Promise<Prediction>;
  /** All of `sources` in one run. */
  predictBatch(sources: readonly ImageSource[], options?: PredictOptions): Promise<Prediction[]>;
  /** The input tensor of a picture: [3, height, width], as PyTorch saw it in training. */
  preprocess(source: ImageSource): Promise<Float32Array<ArrayBuffer>>;
  /** Logits of a ready-made tensor: [batch, 3, height, width] in, [batch × classes] out. */
  run(tensor: Float32Array, options?: PredictOptions): Promise<Float32Array>;
  /** Gives the memory back; the model cannot be used afterwards. */
  dispose(): Promise<void>;
}

/**
 * Downloads the model `name`, checks every byte, and lets it answer once its logits for the golden input are
 * PyTorch's on this device.
 *
 * Raises ManifestError, DownloadError, IntegrityError, SignatureError, BackendError, or the platform's AbortError.
 */
export async function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  const { backends = ["wasm"], threads = 1, onProgress, signal } = options;
  if (!backends.includes("wasm")) {
    throw new BackendError(
      `No such backend here: ${backends.join(", ") || "none"}; there is "wasm".`,
    );
  }
  const { stallTimeout } = options;
  const base = siteURL(options.baseURL);
  // Before the manifest, so that what is there now is no newer than it.
  const cache = await PartCache.open(base, options.cache);
  const manifest = await fetchManifest(base, options, { signal, stallTimeout });
  const info = findModel(manifest, name);
  const variant = findVariant(info, options.variant);
  // At once, because the room may be needed.
  await cache.evictOthers(manifest);

  // One failed file stops the other downloads too.
  const failure = new AbortController();
  const both = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  try {
    const deliveryUntil = (signal: AbortSignal): Delivery =>
      new Delivery(base, cache, { onProgress, signal, stallTimeout });
    const delivery = deliveryUntil(both);
    const [ort, graph, weights] = await Promise.all([
      loadRuntime(base, manifest.runtime, threads, deliveryUntil, both),
      delivery.fetchWhole(info.graph, `${name}/graph`),
      delivery.fetch(variant.weights, `${name}/${variant.name}`),
    ]);
    const { version } = manifest.runtime;
    const backend = await createOnnxRuntimeBackend(ort, version, info, { graph, weights });
    const loaded = { ...info, cache: delivery.report() };
    return await checkedModel(base, loaded, variant, backend, signal);
  } catch (error) {
    failure.abort(error);
    throw error;
  }
}

async function checkedModel(
  base: URL,
  info: LoadedModelInfo,
  variant: VariantInfo,
  backend: Backend,
  signal: AbortSignal | undefined,
): Promise<Model> {
  try {
    signal?.throwIfAborted();
    const check = await selfCheck(backend, info, variant.golden);
    signal?.throwIfAborted();
    const { name, description, threads } = backend;
    const reason = "the reference backend, and the only one of this build";
    const report = { name, description, threads, reason, selfCheck: check };
    return new LoadedModel(base, info, variant.name, backend, report);
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

class LoadedModel implements Model {
  readonly info: LoadedModelInfo;
  readonly variant: string;
  readonly backend: BackendReport;
  #base: URL;
  #backend: Backend | undefined;
  /** Ends when the last run that was asked for does: a session takes one at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    base: URL,
    info: LoadedModelInfo,
    variant: string,
    backend: Backend,
    report: BackendReport,
  ) {
    this.#base = base;
    this.info = info;
    this.variant = variant;
    this.backend = report;
    this.#backend = backend;
  }

  async predict(source: ImageSource, options?: PredictOptions): Promise<Prediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly ImageSource[],
    { signal }: PredictOptions = {},
  ): Promise<Prediction[]> {
    if (sources.length === 0) return [];
    const started = performance.now();
    const decoded = await Promise.all(sources.map((source) => this.#decode(source)));
    const atDecoded = performance.now();
    signal?.throwIfAborted();
    const tensor = new Float32Array(sources.length * this.#imageSize);
    decoded.forEach(({ pixels }, i) => tensor.set(this.#tensorOf(pixels), i * this.#imageSize));
    const atTensor = performance.now();
    const logits = await this.run(tensor, signal ? { signal } : {});
    const atEnd = performance.now();
    const timings = {
      decode: atDecoded - started,
      preprocess: atTensor - atDecoded,
      run: atEnd - atTensor,
      total: atEnd - started,
    };
    const { labels } = this.info;
    return decoded.map(({ inexact, by: decodedBy }, i) => {
      const own = logits.slice(i * labels.length, (i + 1) * labels.length);
      const probabilities = softmax(own);
      const best = argmax(own);
      const [label, confidence] = [labels[best]!, probabilities[best]!];
      const exact = !inexact;
      return {
        label,
        confidence,
        probabilities,
        logits: own,
        exact,
        inexact,
        decodedBy,
        timings,
      };
    });
  }

  async preprocess(source: ImageSource): Promise<Float32Array<ArrayBuffer>> {
    const { pixels } = await this.#decode(source);
    return this.#tensorOf(pixels);
  }

  async run(tensor: Float32Array, { signal }: PredictOptions = {}): Promise<Float32Array> {
    const batch = tensor.length / this.#imageSize;
    if (!Number.isInteger(batch) || batch < 1) {
      throw new RangeError(
        `${this.info.name} takes ${this.#imageSize} values a picture (${this.info.input.shape.slice(1).join(" × ")}), ` +
          `found ${tensor.length}`,
      );
    }
    const backend = this.#backend;
    if (!backend) throw new BackendError(`${this.info.name} was disposed of; load it again.`);
    const turn = this.#queue.then(() => {
      signal?.throwIfAborted();
      return backend.run(tensor, batch);
    });
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async dispose(): Promise<void> {
    const backend = this.#backend;
    this.#backend = undefined;
    await this.#queue;
    await backend?.dispose();
  }

  #decode(source: ImageSource): Promise<Decoded> {
    return decode(source, this.info.preprocessing.exif_orientation, this.#base);
  }

  get #imageSize(): number {
    const [, channels, height, width] = this.info.input.shape;
    return channels * height * width;
  }

  #tensorOf(pixels: ImageData): Float32Array<ArrayBuffer> {
    const { preprocessing } = this.info;
    let shaped: Pixels = pixels;
    for (const step of preprocessing.steps) {
      shaped = applyStep(shaped, step, preprocessing.vertical_first);
    }
    return normalise(shaped, preprocessing);
  }
}
