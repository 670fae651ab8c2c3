import type { BackendReport } from "../api/backend.ts";
import type { AnyEnsemblePrediction } from "../api/ensemble.ts";
import { BackendError, DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { AnyLoadOptions } from "../api/load_options.ts";
import type {
  AnyPrediction,
  EmbedOptions,
  LoadedModelInfo,
  Model,
  PredictOptions,
  WorkerReport,
} from "../api/model.ts";
import type { Task } from "../api/task.ts";
import type { Prefetched } from "../fetch/manifest/prefetch.ts";
import { STALL_TIMEOUT } from "../fetch/concurrency/inactivity.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { needsShown } from "../images/decode.ts";
import { listOf } from "../images/image_source.ts";
import { toTransferable, type TransferableImage } from "../images/transferable.ts";
import { embeddingIn, requireAnswers, requireEmbeddings } from "../tasks/answer.ts";
import type { Connection } from "../worker/connection.ts";
import type { PostedPredictOptions } from "../worker/protocol.ts";
import { CallOrder } from "./call_order.ts";
import { readWithin } from "./image_reader.ts";
import { RemoteSession, type Session } from "./remote_session.ts";
import { batchOf } from "./tensor.ts";
import { watch } from "./watch.ts";

type Send<T> = (
  session: Session,
  images: TransferableImage[],
  transfer: Transferable[],
) => Promise<T>;

/** A model in the page's worker. */
export class RemoteModel implements Model<AnyPrediction> {
  readonly worker: WorkerReport = { used: true, reason: "" };
  readonly #session: RemoteSession;
  readonly #order = new CallOrder();
  readonly #limit: number;
  readonly #task: Task | undefined;
  /** Aborts calls whose images are still read. */
  readonly #ended = new AbortController();
  readonly watch = watch;
  #disposed = false;
  /** Memory for the next tensor that is posted. */
  #spare: Float32Array<ArrayBuffer> | undefined;

  private constructor(
    session: RemoteSession,
    { stallTimeout = STALL_TIMEOUT, task }: AnyLoadOptions,
  ) {
    this.#session = session;
    this.#limit = stallTimeout;
    this.#task = task;
  }

  /** Loads a model in the worker of `connection`, whose user it becomes. Raises what `loadModel` raises. */
  static async load(
    connection: Connection,
    name: string,
    options: AnyLoadOptions,
    prefetched: Prefetched,
  ): Promise<RemoteModel> {
    const session = await RemoteSession.open(connection, name, options, prefetched);
    return new RemoteModel(session, options);
  }

  get info(): LoadedModelInfo {
    return this.#session.loaded.info;
  }

  get variant(): string {
    return this.#session.loaded.variant;
  }

  get backend(): BackendReport {
    return this.#session.loaded.backend;
  }

  async predict(source: ImageSource, options?: PredictOptions): Promise<AnyPrediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly ImageSource[],
    options?: PredictOptions,
  ): Promise<AnyPrediction[]> {
    requireAnswers(this.info, this.#task);
    return this.#answers(sources, options);
  }

  async embed(
    source: ImageSource,
    { normalize, ...options }: EmbedOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    requireEmbeddings(this.info);
    const features = this.info.features !== undefined;
    return embeddingIn(await this.#answers([source], { ...options, features }), normalize);
  }

  async #answers(
    sources: readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<AnyPrediction[]> {
    const list = listOf(sources);
    if (list.length === 0) return [];
    return this.#post(list, options, ({ connection, loaded }, images, transfer) =>
      connection.call(
        "predict",
        { model: loaded.model, sources: images, options: posted(options) },
        { ...options, transfer },
      ),
    );
  }

  async preprocess(
    source: ImageSource,
    options: PredictOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#post([source], options, ({ connection, loaded }, images, transfer) =>
      connection.call(
        "preprocess",
        { model: loaded.model, source: images[0]!, orientation: options.orientation },
        { ...options, transfer },
      ),
    );
  }

  async run(tensor: Float32Array, options: PredictOptions = {}): Promise<Float32Array> {
    batchOf(tensor, this.info); // raises before anything is posted
    // A copy that is moved to the worker and back takes 0.1 ms; a message that copies takes 0.8, mostly to allocate memory.
    const posted = this.#copyOf(tensor);
    const ran = await this.#post([], options, ({ connection, loaded }) =>
      connection.call(
        "run",
        { model: loaded.model, tensor: posted },
        { ...options, transfer: [posted.buffer] },
      ),
    );
    if (!this.#disposed) this.#spare = ran.tensor;
    return ran.logits;
  }

  /** The prediction of an ensemble of models in the same worker. */
  static async ensemblePredict(
    models: readonly RemoteModel[],
    weights: readonly number[],
    source: ImageSource,
    options: PredictOptions = {},
  ): Promise<AnyEnsemblePrediction> {
    const [first, ...others] = models;
    return first!.#post([source], options, async ({ connection, loaded }, images, transfer) => {
      const sessions = await Promise.all(others.map((model) => model.#session.current()));
      const numbers = [loaded, ...sessions.map((session) => session.loaded)].map(
        ({ model }) => model,
      );
      return connection.call(
        "ensemblePredict",
        { models: numbers, weights, source: images[0]!, options: posted(options) },
        { ...options, transfer },
      );
    });
  }

  /** Calls whose images are still read raise BackendError. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#spare = undefined;
    await this.#order.entered();
    this.#ended.abort(this.#disposedError());
    await this.#session.close();
  }

  #copyOf(tensor: Float32Array): Float32Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.length !== tensor.length) return new Float32Array(tensor);
    spare.set(tensor);
    return spare;
  }

  /** Posts a call as soon as its own images are read, and awaits its answer. */
  async #post<T>(
    sources: readonly ImageSource[],
    { signal }: PredictOptions,
    send: Send<T>,
  ): Promise<T> {
    if (this.#disposed) throw this.#disposedError();
    const attempt = async (shown: boolean): Promise<T> => {
      // Read immediately, as a video plays on and a page may close its frames.
      const reading = Promise.all(
        sources.map((source) =>
          readWithin(this.#limit, toTransferable(source, shown, signal), signal),
        ),
      );
      const ready = untilAborted(reading, this.#ended.signal);
      const transfers = await this.#order.enter(signal, ready);
      const current = this.#session.current();
      const session = await untilAborted(current, signal);
      const transfer = transfers.flatMap((one) => one.transfer);
      const images = transfers.map(({ image }) => image);
      return send(session, images, transfer).catch(explain);
    };
    try {
      return await attempt(false);
    } catch (error) {
      if (!needsShown(error)) throw error;
      return attempt(true);
    }
  }

  #disposedError(): BackendError {
    return new BackendError(`${this.info.name} was disposed of; load it again.`);
  }
}

/** The options that the worker needs. */
function posted({
  orientation,
  topK,
  threshold,
  allow,
  deny,
  heatmap,
  features,
}: PredictOptions): PostedPredictOptions {
  return { orientation, topK, threshold, allow, deny, heatmap, features };
}

/** Explains why the browser does not post an image. */
function explain(error: unknown): never {
  if (!(error instanceof DOMException && error.name === "DataCloneError")) throw error;
  throw new DecodeError(
    "The image cannot be read: it comes from another origin without CORS or was closed.",
    { cause: error },
  );
}
