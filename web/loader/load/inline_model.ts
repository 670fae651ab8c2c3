import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { ModelInfo } from "../api/manifest.ts";
import type {
  AnyPrediction,
  EmbedOptions,
  LoadedModelInfo,
  Model,
  PredictOptions,
  Timings,
  WorkerReport,
} from "../api/model.ts";
import type { Task } from "../api/task.ts";
import type { Answered, FallbackBackend } from "../backends/fallback.ts";
import type { News } from "../backends/news.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { importFormats, type Decoded } from "../images/decode.ts";
import { listOf } from "../images/image_source.ts";
import {
  additions,
  answerOf,
  embeddingIn,
  prepareTask,
  requireAnswers,
  requireEmbeddings,
  scoresOf,
} from "../tasks/answer.ts";
import { CallOrder } from "./call_order.ts";
import { hasPixels, type ImageReader, type InlineSource } from "./image_reader.ts";
import { batchOf, imageLengthOf } from "./tensor.ts";
import { watch } from "./watch.ts";

type PreprocessTimes = Pick<Timings, "decode" | "preprocess">;

/** How an image was decoded. */
export type Origin = Omit<Decoded, "pixels">;

/** Images that can be run. */
interface Prepared {
  tensor: Float32Array<ArrayBuffer>;
  origins: Origin[];
  times: PreprocessTimes;
}

/** What a page asks of a model when it loads it. */
export interface Wanted {
  task: Task | undefined;
  /** Why no worker is used. */
  noWorkerReason: string;
  /** A backend of another graph with the same weights. */
  loadBackend: (info: ModelInfo) => Promise<FallbackBackend>;
}

/** A model in this thread: the page, or its worker. */
export class InlineModel implements Model<AnyPrediction> {
  readonly info: LoadedModelInfo;
  readonly variant: string;
  readonly worker: WorkerReport;
  readonly #reader: ImageReader;
  readonly #backend: FallbackBackend;
  readonly #task: Task | undefined;
  readonly #loadBackend: Wanted["loadBackend"];
  /** Backends that give more than the outputs; each is loaded by the first call that asks for it. */
  readonly #more = new Map<"heatmap" | "features", Promise<FallbackBackend>>();
  readonly #order = new CallOrder();
  readonly watch = watch;
  onNews: (news: News) => void = () => {};
  #disposed = false;
  /** Aborts calls whose images are still read. */
  readonly #ended = new AbortController();

  constructor(
    reader: ImageReader,
    info: LoadedModelInfo,
    variant: string,
    backend: FallbackBackend,
    { task, noWorkerReason, loadBackend }: Wanted,
  ) {
    this.#reader = reader;
    this.info = info;
    this.variant = variant;
    this.#backend = backend;
    backend.onNews = (news) => this.onNews(news);
    this.#task = task;
    this.#loadBackend = loadBackend;
    this.worker = { used: false, reason: noWorkerReason };
  }

  get backend(): BackendReport {
    return this.#backend.report;
  }

  async predict(source: InlineSource, options?: PredictOptions): Promise<AnyPrediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly InlineSource[],
    options?: PredictOptions,
  ): Promise<AnyPrediction[]> {
    requireAnswers(this.info, this.#task);
    return this.answers(sources, options);
  }

  async embed(
    source: InlineSource,
    { normalize, ...options }: EmbedOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    requireEmbeddings(this.info);
    const features = this.info.features !== undefined;
    return embeddingIn(await this.answers([source], { ...options, features }), normalize);
  }

  /** Predictions of any task. */
  async answers(
    sources: readonly InlineSource[],
    options: PredictOptions = {},
  ): Promise<AnyPrediction[]> {
    const images = listOf(sources);
    if (images.length === 0) return [];
    const { signal } = options;
    const ready = Promise.all([this.#prepare(images, options), prepareTask(this.info, options)]);
    const [{ tensor, origins, times }] = await this.#enter(signal, ready);
    return this.#predictTensor(origins, tensor, times, options);
  }

  /** Predicts an image that was preprocessed already; `times` are those of that work. */
  async predictTensor(
    origin: Origin,
    tensor: Float32Array,
    times: PreprocessTimes,
    options: PredictOptions = {},
  ): Promise<AnyPrediction> {
    await prepareTask(this.info, options);
    const [prediction] = await this.#predictTensor([origin], tensor, times, options);
    return prediction!;
  }

  async preprocess(
    source: InlineSource,
    options: PredictOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    const { signal } = options;
    const { tensor } = await this.#enter(signal, this.#prepare([source], options));
    return this.#backend.inTurn(signal, async () => tensor);
  }

  async run(tensor: Float32Array, { signal }: PredictOptions = {}): Promise<Float32Array> {
    const batch = batchOf(tensor, this.info);
    await this.#enter(signal, Promise.resolve());
    return (await this.#run(tensor, batch, signal)).logits;
  }

  /** Calls whose images are still read raise BackendError. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#order.entered();
    this.#ended.abort(this.#disposedError());
    await this.#backend.dispose();
    // One that is still loading ends when it is there.
    for (const more of this.#more.values()) more.then((one) => one.dispose()).catch(() => {});
  }

  /** Decodes an image as in the model's training. */
  async decode(source: InlineSource, options: PredictOptions): Promise<Decoded> {
    return this.#reader.decode(await this.#reader.read(source, options.signal), options);
  }

  /** The preprocessed image: [channels, height, width]. */
  async tensorOf(image: ImageData): Promise<Float32Array<ArrayBuffer>> {
    const { tensorOf } = await importFormats();
    return tensorOf(image, this.info.preprocessing);
  }

  /** Decodes and preprocesses images one by one, so that the pixels of one are in memory at a time. */
  async #prepare(sources: readonly InlineSource[], options: PredictOptions): Promise<Prepared> {
    const { signal } = options;
    const reading = sources.map((source) => this.#reader.read(source, signal));
    for (const read of reading) read.catch(() => {}); // raised below
    const tensor = new Float32Array(sources.length * this.#imageLength);
    const origins: Origin[] = [];
    const times = { decode: 0, preprocess: 0 };
    const indices = [...sources.keys()];
    const [now, later] = [true, false].map((pixels) =>
      indices.filter((i) => hasPixels(sources[i]!) === pixels),
    );
    for (const index of [...now!, ...later!]) {
      const started = performance.now();
      const { pixels, ...origin } = await this.#reader.decode(await reading[index]!, options);
      signal?.throwIfAborted();
      const decoded = performance.now();
      tensor.set(await this.tensorOf(pixels), index * this.#imageLength);
      origins[index] = origin;
      times.decode += decoded - started;
      times.preprocess += performance.now() - decoded;
    }
    return { tensor, origins, times };
  }

  /** `ready`, after the calls before it. Raises BackendError after `dispose`, or the signal's reason. */
  async #enter<T>(signal: AbortSignal | undefined, ready: Promise<T>): Promise<T> {
    ready.catch(() => {});
    if (this.#disposed) throw this.#disposedError();
    return this.#order.enter(signal, untilAborted(ready, this.#ended.signal));
  }

  async #run(
    tensor: Float32Array,
    batch: number,
    signal: AbortSignal | undefined,
  ): Promise<Answered> {
    this.#ended.signal.throwIfAborted();
    return this.#backend.run(tensor, batch, signal);
  }

  #disposedError(): BackendError {
    return new BackendError(`${this.info.name} was disposed of; load it again.`);
  }

  async #predictTensor(
    origins: readonly Origin[],
    tensor: Float32Array,
    times: PreprocessTimes,
    options: PredictOptions,
  ): Promise<AnyPrediction[]> {
    const { heatmap = false, features = false, signal } = options;
    const batch = origins.length;
    const maps = heatmap === false ? undefined : await this.#loaded("heatmap", signal);
    const inner = features ? await this.#loaded("features", signal) : undefined;
    const started = performance.now();
    const mapped = await maps?.run(tensor, batch, signal);
    const innerMost = await inner?.run(tensor, batch, signal);
    const { logits: batchValues, time } =
      mapped ?? innerMost ?? (await this.#run(tensor, batch, signal));
    const innerValues = innerMost?.logits;
    const run = performance.now() - started;
    const timings = { ...times, run, total: times.decode + times.preprocess + run };
    const [, outputs] = this.info.output.shape;
    const valuesOf = (all: Float32Array, i: number): Float32Array => {
      const stride = all.length / batch;
      return all.subarray(i * stride, (i + 1) * stride);
    };
    return origins.map(({ inexact, by: decodedBy, orientation }, i) => {
      const values = valuesOf(batchValues, i);
      const logits = values.slice(0, outputs);
      const answer = answerOf(this.info, scoresOf(this.info, logits), options, logits);
      const how = { exact: !inexact, inexact, decodedBy, orientation, time };
      const prediction = { ...answer, logits, ...how, timings };
      return {
        ...prediction,
        ...(maps &&
          "label" in prediction && {
            heatmap: additions().heatmapOf(this.info, values, heatmap, prediction),
          }),
        ...(innerValues && { features: valuesOf(innerValues, i).slice(outputs) }),
      };
    });
  }

  /** The backend that gives `more`. Raises BackendError or the signal's reason. */
  async #loaded(
    more: "heatmap" | "features",
    signal: AbortSignal | undefined,
  ): Promise<FallbackBackend> {
    this.#ended.signal.throwIfAborted();
    const loading =
      this.#more.get(more) ?? this.#loadBackend(additions().withMore(this.info, more));
    this.#more.set(more, loading);
    loading.then(
      (backend) => (backend.onNews = ({ doubt }) => doubt && this.onNews({ doubt })),
      () => this.#more.delete(more), // the next call tries again
    );
    return untilAborted(loading, signal);
  }

  get #imageLength(): number {
    return imageLengthOf(this.info);
  }
}
