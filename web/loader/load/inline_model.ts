/** Loading and running a model where this script runs: in the page, or in its worker. */
import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { LoadOptions } from "../api/load_options.ts";
import type {
  LoadedModelInfo,
  Model,
  Prediction,
  PredictOptions,
  Timings,
  WorkerReport,
} from "../api/model.ts";
import type { Watch, WatchOptions } from "../api/watch.ts";
import { adapter } from "../backends/adapter.ts";
import { Memory } from "../backends/backend_cache.ts";
import type { Ingredients } from "../backends/backend_inputs.ts";
import { candidatesFor } from "../backends/candidates.ts";
import { choose } from "../backends/choose.ts";
import { Recovering } from "../backends/fallback.ts";
import { Delivery } from "../fetch/delivery.ts";
import { manifestPin } from "../fetch/manifest/pin.ts";
import { begin, type Beginning } from "../fetch/manifest/prefetch.ts";
import { findModel, findVariant, readManifest, siteURL } from "../fetch/manifest/read.ts";
import { PartCache } from "../fetch/part_cache.ts";
import { untilAborted } from "../fetch/single_flight.ts";
import { decode, importFormats, type Decoded } from "../images/decode.ts";
import { normalise } from "../images/normalise.ts";
import type { Pixels } from "../images/resample.ts";
import { applyStep } from "../images/steps.ts";
import type { ElementPicture } from "../images/transferable.ts";
import { argmax, softmax } from "../tasks/softmax.ts";
import { watch } from "./watch.ts";

/** A picture as the page has it, or as its worker was given it. */
export type Source = ImageSource | ElementPicture;

/** `loadModel` without a worker; `reason` says why. `beginning` may have been had already. */
export async function loadInline(
  name: string,
  options: LoadOptions,
  reason: string,
  beginning: Beginning | Promise<Beginning> = begin(options),
): Promise<InlineModel> {
  const { onProgress, signal } = options;
  const { stallTimeout } = options;
  const base = siteURL(options.baseURL);
  const cache = await PartCache.open(base, options.cache);
  const { stored, manifest: first } = await beginning;
  const manifest = await readManifest(base, first, options, { signal, stallTimeout });
  const info = findModel(manifest, name);
  const variant = findVariant(info, options.variant);
  // At once, because the room may be needed.
  await cache.evictOthers(stored, manifest);
  // What files are read with arrives beside the model. Where it does not, the first file says why.
  importFormats(base).catch(() => {});

  // One failed file stops the other downloads too.
  const failure = new AbortController();
  const both = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  try {
    const deliveryUntil = (signal: AbortSignal): Delivery =>
      new Delivery(base, cache, { onProgress, signal, stallTimeout });
    const delivery = deliveryUntil(both);
    const given: Ingredients = {
      base,
      manifest,
      info,
      variant,
      delivery,
      deliveryUntil,
      signal: both,
    };
    const { backends, threads } = options;
    const candidates = await candidatesFor(given, { backends, threads });
    // What the page decided is no finding about the device.
    const decided = backends !== undefined || threads !== undefined;
    const memory = decided || options.cache === false ? undefined : await memoryFor(given);
    const chosen = await choose(candidates, given, memory);
    given.kept = undefined;
    const loaded = { ...info, cache: delivery.report() };
    const later = (): Ingredients => {
      // The page's signal was for the load, and what is needed later on is not shown either.
      const { signal: never } = new AbortController();
      return {
        ...given,
        delivery: new Delivery(base, cache, { signal: never, stallTimeout }),
        signal: never,
      };
    };
    return new InlineModel(base, loaded, variant.name, new Recovering(chosen, later), reason);
  } catch (error) {
    failure.abort(error);
    throw error;
  }
}

/** What was found out for this model on this device, by this version of the loader and of the site. */
async function memoryFor({ base, info, variant }: Ingredients): Promise<Memory> {
  const { name } = await adapter();
  const { crossOriginIsolated, navigator } = globalThis;
  const { hardwareConcurrency } = navigator;
  const device = [import.meta.url, manifestPin(), name, crossOriginIsolated, hardwareConcurrency];
  return new Memory(base, `${info.name} ${variant.name}`, device.join(" "));
}

export class InlineModel implements Model {
  readonly info: LoadedModelInfo;
  readonly variant: string;
  readonly worker: WorkerReport;
  readonly #base: URL;
  readonly #backend: Recovering;
  #disposed = false;
  /** Ends when the last call does: answers come in the order of the calls, and a session takes one run at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    base: URL,
    info: LoadedModelInfo,
    variant: string,
    backend: Recovering,
    whyNoWorker: string,
  ) {
    this.#base = base;
    this.info = info;
    this.variant = variant;
    this.#backend = backend;
    this.worker = { used: false, reason: whyNoWorker };
  }

  get backend(): BackendReport {
    return this.#backend.report;
  }

  /** `told` of another backend in the place of the one before. */
  onBackendChange(told: (report: BackendReport) => void): void {
    this.#backend.onChange = told;
  }

  async predict(source: Source, options?: PredictOptions): Promise<Prediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly Source[],
    { signal }: PredictOptions = {},
  ): Promise<Prediction[]> {
    if (sources.length === 0) return [];
    return this.#inTurn(signal, async () => {
      const started = performance.now();
      const decoded = await Promise.all(sources.map((source) => this.decode(source)));
      signal?.throwIfAborted();
      const atDecoded = performance.now();
      const tensor = new Float32Array(sources.length * this.#imageSize);
      decoded.forEach(({ pixels }, i) => tensor.set(this.tensorOf(pixels), i * this.#imageSize));
      const tensorTime = performance.now() - atDecoded;
      const before = { decode: atDecoded - started, preprocess: tensorTime };
      return this.#answer(decoded, tensor, before);
    });
  }

  /** The answer to pixels whose tensor is known; `before` is what both took. */
  async predictTensor(
    decoded: Decoded,
    tensor: Float32Array,
    before: Pick<Timings, "decode" | "preprocess">,
    { signal }: PredictOptions = {},
  ): Promise<Prediction> {
    const [prediction] = await this.#inTurn(signal, () => this.#answer([decoded], tensor, before));
    return prediction!;
  }

  async preprocess(
    source: Source,
    { signal }: PredictOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#inTurn(signal, async () => this.tensorOf((await this.decode(source)).pixels));
  }

  async run(tensor: Float32Array, { signal }: PredictOptions = {}): Promise<Float32Array> {
    const batch = this.#batchOf(tensor);
    return this.#inTurn(signal, () => this.#backend.run(tensor, batch));
  }

  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: Prediction) => void,
    options?: WatchOptions,
  ): Watch {
    return watch(this, source, callback, options);
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return this.#queue.then(() => {});
    this.#disposed = true;
    this.#queue = this.#queue.then(() => this.#backend.dispose());
    await this.#queue;
  }

  /** The pixels of a picture, as this model's training saw them before its steps. */
  decode(source: Source): Promise<Decoded> {
    return decode(source, this.info.preprocessing.exif_orientation, this.#base);
  }

  /** What the model takes: [3, height, width]. */
  tensorOf(pixels: ImageData): Float32Array<ArrayBuffer> {
    const { preprocessing } = this.info;
    let shaped: Pixels = pixels;
    for (const step of preprocessing.steps) {
      shaped = applyStep(shaped, step, preprocessing.vertical_first);
    }
    return normalise(shaped, preprocessing);
  }

  /** Runs `task` after the calls before it. Raises the signal's reason as soon as it is aborted. */
  #inTurn<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const disposed = this.#disposed;
    const turn = this.#queue.then(() => {
      signal?.throwIfAborted();
      if (disposed) throw new BackendError(`${this.info.name} was disposed of; load it again.`);
      return task();
    });
    this.#queue = turn.catch(() => {});
    return signal ? untilAborted(turn, signal) : turn;
  }

  async #answer(
    decoded: readonly Decoded[],
    tensor: Float32Array,
    before: Pick<Timings, "decode" | "preprocess">,
  ): Promise<Prediction[]> {
    const started = performance.now();
    const logits = await this.#backend.run(tensor, decoded.length);
    const run = performance.now() - started;
    const timings = { ...before, run, total: before.decode + before.preprocess + run };
    const { labels } = this.info;
    return decoded.map(({ inexact, by: decodedBy }, i) => {
      const own = logits.slice(i * labels.length, (i + 1) * labels.length);
      const probabilities = softmax(own);
      const best = argmax(own);
      const [label, confidence] = [labels[best]!, probabilities[best]!];
      const exact = !inexact;
      return { label, confidence, probabilities, logits: own, exact, inexact, decodedBy, timings };
    });
  }

  #batchOf(tensor: Float32Array): number {
    const batch = tensor.length / this.#imageSize;
    if (Number.isInteger(batch) && batch >= 1) return batch;
    throw new RangeError(
      `${this.info.name} takes ${this.#imageSize} values a picture (${this.info.input.shape.slice(1).join(" × ")}), ` +
        `found ${tensor.length}`,
    );
  }

  get #imageSize(): number {
    const [, channels, height, width] = this.info.input.shape;
    return channels * height * width;
  }
}
