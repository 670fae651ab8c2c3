import type { BackendReport } from "../api/backend.ts";
import type { EnsemblePrediction } from "../api/ensemble.ts";
import { BackendError, DecodeError } from "../api/errors.ts";
import type { ImageSource } from "../api/image.ts";
import type { LoadOptions } from "../api/load_options.ts";
import type {
  LoadedModelInfo,
  Model,
  Prediction,
  PredictOptions,
  WorkerReport,
} from "../api/model.ts";
import type { Watch, WatchOptions } from "../api/watch.ts";
import type { Prefetched } from "../fetch/manifest/prefetch.ts";
import { needsShown } from "../images/decode.ts";
import { listOf } from "../images/image_source.ts";
import { toTransferable, type TransferableImage } from "../images/transferable.ts";
import type { Connection } from "../worker/connection.ts";
import { RemoteSession, type Session } from "./remote_session.ts";
import { watch } from "./watch.ts";

type Send<T> = (
  session: Session,
  images: TransferableImage[],
  transfer: Transferable[],
) => Promise<T>;

/** A model in the page's worker. */
export class RemoteModel implements Model {
  readonly worker: WorkerReport = { used: true, reason: "" };
  readonly #session: RemoteSession;
  #disposed = false;
  /** Memory for the next tensor that is posted. */
  #spare: Float32Array<ArrayBuffer> | undefined;
  /** Settles when the last call was posted. */
  #posting: Promise<unknown> = Promise.resolve();

  private constructor(session: RemoteSession) {
    this.#session = session;
  }

  /** Loads a model in the worker of `connection`, whose user it becomes. Raises what `loadModel` raises. */
  static async load(
    connection: Connection,
    name: string,
    options: LoadOptions,
    prefetched: Prefetched,
  ): Promise<RemoteModel> {
    return new RemoteModel(await RemoteSession.open(connection, name, options, prefetched));
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

  async predict(source: ImageSource, options?: PredictOptions): Promise<Prediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<Prediction[]> {
    const list = listOf(sources);
    if (list.length === 0) return [];
    return this.#post(list, options, ({ connection, loaded }, images, transfer) =>
      connection.call(
        "predict",
        { model: loaded.model, sources: images, orientation: options.orientation },
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

  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: Prediction) => void,
    options?: WatchOptions,
  ): Watch {
    return watch(this, source, callback, options);
  }

  /** The prediction of an ensemble of models in the same worker. */
  static async ensemblePredict(
    models: readonly RemoteModel[],
    weights: readonly number[],
    source: ImageSource,
    options: PredictOptions = {},
  ): Promise<EnsemblePrediction> {
    const [first, ...others] = models;
    return first!.#post([source], options, async ({ connection, loaded }, images, transfer) => {
      const sessions = await Promise.all(others.map((model) => model.#session.current()));
      const numbers = [loaded, ...sessions.map((session) => session.loaded)].map(
        ({ model }) => model,
      );
      return connection.call(
        "ensemblePredict",
        { models: numbers, weights, source: images[0]!, orientation: options.orientation },
        { ...options, transfer },
      );
    });
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#spare = undefined;
    await this.#posting;
    await this.#session.close();
  }

  #copyOf(tensor: Float32Array): Float32Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.length !== tensor.length) return new Float32Array(tensor);
    spare.set(tensor);
    return spare;
  }

  /** Posts a call after the calls before it, and awaits its answer. */
  async #post<T>(
    sources: readonly ImageSource[],
    { signal }: PredictOptions,
    send: Send<T>,
  ): Promise<T> {
    if (this.#disposed) {
      throw new BackendError(`${this.info.name} was disposed of; load it again.`);
    }
    const attempt = async (
      shown: boolean,
      before?: Promise<unknown>,
    ): Promise<{ answer: Promise<T> }> => {
      // Read immediately, as a video plays on and a page may close its frames.
      const reading = Promise.all(sources.map((source) => toTransferable(source, shown, signal)));
      reading.catch(() => {});
      await before;
      const transfers = await reading;
      signal?.throwIfAborted();
      const session = await this.#session.current();
      const transfer = transfers.flatMap((one) => one.transfer);
      const images = transfers.map(({ image }) => image);
      // In an object, so that the next call does not await the answer.
      return { answer: send(session, images, transfer).catch(explain) };
    };
    const posted = attempt(false, this.#posting);
    this.#posting = posted.catch(() => {});
    try {
      return await (
        await posted
      ).answer;
    } catch (error) {
      if (!needsShown(error)) throw error;
      return (await attempt(true)).answer;
    }
  }
}

/** Explains why the browser does not post an image. */
function explain(error: unknown): never {
  if (!(error instanceof DOMException && error.name === "DataCloneError")) throw error;
  throw new DecodeError(
    "The image cannot be read: it comes from another origin without CORS or was closed.",
    { cause: error },
  );
}
