import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type {
  LoadedModelInfo,
  Model,
  Prediction,
  PredictOptions,
  Timings,
  WorkerReport,
} from "../api/model.ts";
import type { Watch, WatchOptions } from "../api/watch.ts";
import type { FallbackBackend } from "../backends/fallback.ts";
import { untilAborted } from "../fetch/until_aborted.ts";
import { decode, type Decoded } from "../images/decode.ts";
import { normalise } from "../images/normalise.ts";
import type { Pixels } from "../images/pixels.ts";
import { applyStep } from "../images/steps.ts";
import type { ElementImage } from "../images/element_image.ts";
import { argmax, softmax } from "../tasks/classification.ts";
import { listOf } from "../images/image_source.ts";
import { watch } from "./watch.ts";

/** An image in the page, or one that was posted to the worker. */
export type InlineSource = ImageSource | ElementImage;

type PreprocessTimes = Pick<Timings, "decode" | "preprocess">;

/** A model in this thread: the page, or its worker. */
export class InlineModel implements Model {
  readonly info: LoadedModelInfo;
  readonly variant: string;
  readonly worker: WorkerReport;
  readonly #base: URL;
  readonly #backend: FallbackBackend;
  #disposed = false;
  /** Settles when the last call does: calls run one at a time, in their order. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    base: URL,
    info: LoadedModelInfo,
    variant: string,
    backend: FallbackBackend,
    noWorkerReason: string,
  ) {
    this.#base = base;
    this.info = info;
    this.variant = variant;
    this.#backend = backend;
    this.worker = { used: false, reason: noWorkerReason };
  }

  get backend(): BackendReport {
    return this.#backend.report;
  }

  /** Sets the callback for a fallback to another backend. */
  onBackendChange(callback: (report: BackendReport) => void): void {
    this.#backend.onChange = callback;
  }

  async predict(source: InlineSource, options?: PredictOptions): Promise<Prediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly InlineSource[],
    { signal, orientation }: PredictOptions = {},
  ): Promise<Prediction[]> {
    const images = listOf(sources);
    if (images.length === 0) return [];
    return this.#enqueue(signal, async () => {
      const started = performance.now();
      const decoded = await Promise.all(
        images.map((source) => this.decode(source, { signal, orientation })),
      );
      signal?.throwIfAborted();
      const afterDecode = performance.now();
      const tensor = new Float32Array(images.length * this.#imageLength);
      decoded.forEach(({ pixels }, i) => tensor.set(this.tensorOf(pixels), i * this.#imageLength));
      const preprocess = performance.now() - afterDecode;
      return this.#predictTensor(decoded, tensor, { decode: afterDecode - started, preprocess });
    });
  }

  /** Predicts an image that was preprocessed already; `times` are those of that work. */
  async predictTensor(
    decoded: Decoded,
    tensor: Float32Array,
    times: PreprocessTimes,
    { signal }: PredictOptions = {},
  ): Promise<Prediction> {
    const [prediction] = await this.#enqueue(signal, () =>
      this.#predictTensor([decoded], tensor, times),
    );
    return prediction!;
  }

  async preprocess(
    source: InlineSource,
    options: PredictOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#enqueue(options.signal, async () =>
      this.tensorOf((await this.decode(source, options)).pixels),
    );
  }

  async run(tensor: Float32Array, { signal }: PredictOptions = {}): Promise<Float32Array> {
    const batch = this.#batchOf(tensor);
    return this.#enqueue(signal, () => this.#backend.run(tensor, batch));
  }

  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: Prediction) => void,
    options?: WatchOptions,
  ): Watch {
    return watch(this, source, callback, options);
  }

  async dispose(): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#queue = this.#queue.then(() => this.#backend.dispose());
    }
    await this.#queue;
  }

  /** Decodes an image as in the model's training. */
  decode(
    source: InlineSource,
    { signal, orientation = this.info.preprocessing.exif_orientation }: PredictOptions,
  ): Promise<Decoded> {
    return decode(source, orientation, this.#base, signal);
  }

  /** The preprocessed image: [3, height, width]. */
  tensorOf(image: ImageData): Float32Array<ArrayBuffer> {
    const { preprocessing } = this.info;
    let pixels: Pixels = image;
    for (const step of preprocessing.steps) {
      pixels = applyStep(pixels, step, preprocessing.vertical_first);
    }
    return normalise(pixels, preprocessing);
  }

  /** Runs `task` after the calls before it. Raises the signal's reason as soon as it aborts. */
  #enqueue<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    const disposed = this.#disposed;
    const result = this.#queue.then(() => {
      signal?.throwIfAborted();
      if (disposed) throw new BackendError(`${this.info.name} was disposed of; load it again.`);
      return task();
    });
    this.#queue = result.catch(() => {});
    return signal ? untilAborted(result, signal) : result;
  }

  async #predictTensor(
    decoded: readonly Decoded[],
    tensor: Float32Array,
    times: PreprocessTimes,
  ): Promise<Prediction[]> {
    const started = performance.now();
    const batchLogits = await this.#backend.run(tensor, decoded.length);
    const run = performance.now() - started;
    const timings = { ...times, run, total: times.decode + times.preprocess + run };
    const { labels } = this.info;
    return decoded.map(({ inexact, by: decodedBy, orientation }, i) => {
      const logits = batchLogits.slice(i * labels.length, (i + 1) * labels.length);
      const probabilities = softmax(logits);
      const best = argmax(logits);
      const [label, confidence] = [labels[best]!, probabilities[best]!];
      const exact = !inexact;
      const how = { exact, inexact, decodedBy, orientation };
      return { label, confidence, probabilities, logits, ...how, timings };
    });
  }

  #batchOf(tensor: Float32Array): number {
    const batch = tensor.length / this.#imageLength;
    if (Number.isInteger(batch) && batch >= 1) return batch;
    const shape = this.info.input.shape.slice(1).join(" × ");
    throw new RangeError(
      `${this.info.name} expects ${this.#imageLength} values per image (${shape}), found ${tensor.length}`,
    );
  }

  get #imageLength(): number {
    const [, channels, height, width] = this.info.input.shape;
    return channels * height * width;
  }
}
