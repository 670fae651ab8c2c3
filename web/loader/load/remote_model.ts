/** A model that lives in the worker, as the page has it. */
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
import { begin, type Beginning } from "../fetch/manifest/prefetch.ts";
import { siteURL } from "../fetch/manifest/read.ts";
import { needsShown } from "../images/decode.ts";
import { portable, type Portable } from "../images/transferable.ts";
import { Connection } from "../worker/connection.ts";
import type { Loaded, SentOptions } from "../worker/protocol.ts";
import { watch } from "./watch.ts";

/** Where a model is: the worker may end, and be another one by the next call. */
interface Place {
  connection: Connection;
  loaded: Loaded;
}

export class RemoteModel implements Model {
  readonly worker: WorkerReport = { used: true, reason: "" };
  readonly #name: string;
  readonly #options: LoadOptions;
  #place: Promise<Place>;
  #loaded: Loaded;
  #disposed = false;
  /** Memory of a tensor that was sent, for the next one. */
  #spare: Float32Array<ArrayBuffer> | undefined;
  /** Ends when the last call was sent. */
  #sending: Promise<unknown> = Promise.resolve();

  private constructor(name: string, options: LoadOptions, place: Place) {
    this.#name = name;
    this.#options = options;
    this.#place = Promise.resolve(place);
    this.#loaded = place.loaded;
  }

  /** Loads a model in the worker; `connection` counts it as a user. */
  static async load(
    connection: Connection,
    name: string,
    options: LoadOptions,
    beginning: Beginning,
  ): Promise<RemoteModel> {
    return new RemoteModel(name, options, await loadAt(connection, name, options, beginning));
  }

  get info(): LoadedModelInfo {
    return this.#loaded.info;
  }

  get variant(): string {
    return this.#loaded.variant;
  }

  get backend(): BackendReport {
    return this.#loaded.backend;
  }

  async predict(source: ImageSource, options?: PredictOptions): Promise<Prediction> {
    const [prediction] = await this.predictBatch([source], options);
    return prediction!;
  }

  async predictBatch(
    sources: readonly ImageSource[],
    options: PredictOptions = {},
  ): Promise<Prediction[]> {
    if (sources.length === 0) return [];
    return this.#send(sources, options, ({ connection, loaded }, pictures, transfer) =>
      connection.call(
        "predict",
        { model: loaded.model, sources: pictures },
        { ...options, transfer },
      ),
    );
  }

  async preprocess(
    source: ImageSource,
    options: PredictOptions = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return this.#send([source], options, ({ connection, loaded }, pictures, transfer) =>
      connection.call(
        "preprocess",
        { model: loaded.model, source: pictures[0]! },
        { ...options, transfer },
      ),
    );
  }

  async run(tensor: Float32Array, options: PredictOptions = {}): Promise<Float32Array> {
    // A copy that goes there and comes back: 0.1 ms, where a message that copies it takes 0.8, most of it for new memory.
    const sent = this.#copyOf(tensor);
    const { logits, tensor: back } = await this.#send([], options, ({ connection, loaded }) =>
      connection.call(
        "run",
        { model: loaded.model, tensor: sent },
        { ...options, transfer: [sent.buffer] },
      ),
    );
    if (!this.#disposed) this.#spare = back;
    return logits;
  }

  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: Prediction) => void,
    options?: WatchOptions,
  ): Watch {
    return watch(this, source, callback, options);
  }

  /** The answer of several models of the same worker to one picture. */
  static async together(
    models: readonly RemoteModel[],
    weights: readonly number[],
    source: ImageSource,
    options: PredictOptions = {},
  ): Promise<EnsemblePrediction> {
    const [first, ...others] = models;
    return first!.#send([source], options, async ({ connection, loaded }, pictures, transfer) => {
      const places = await Promise.all(others.map((model) => model.#current()));
      const numbers = [loaded, ...places.map((place) => place.loaded)].map(({ model }) => model);
      return connection.call(
        "together",
        { models: numbers, weights, source: pictures[0]! },
        { ...options, transfer },
      );
    });
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#spare = undefined;
    await this.#sending;
    const place = await this.#place.catch(() => undefined);
    if (!place || place.connection.ended) return;
    place.connection.onBackend.delete(place.loaded.model);
    await place.connection.call("dispose", { model: place.loaded.model }).catch(() => {});
    place.connection.leave();
  }

  #copyOf(tensor: Float32Array): Float32Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.length !== tensor.length) return new Float32Array(tensor);
    spare.set(tensor);
    return spare;
  }

  /** Where it is now, loaded once more if the worker it was in has ended. */
  async #current(): Promise<Place> {
    const place = await this.#place.catch(() => undefined);
    if (place && !place.connection.ended) return place;
    this.#place = this.#again();
    const found = await this.#place;
    this.#loaded = found.loaded;
    return found;
  }

  async #again(): Promise<Place> {
    const connection = await Connection.open(undefined);
    if (!(connection instanceof Connection)) throw new BackendError(connection.problem);
    // What the page wanted to know and to stop was the first load.
    const { onProgress, signal, ...options } = this.#options;
    return loadAt(connection, this.#name, options, await begin(options));
  }

  /** Sends a call after the ones before it, and waits for its answer. */
  async #send<T>(
    sources: readonly ImageSource[],
    { signal }: PredictOptions,
    call: (place: Place, pictures: Portable[], transfer: Transferable[]) => Promise<T>,
  ): Promise<T> {
    if (this.#disposed) throw new BackendError(`${this.#name} was disposed of; load it again.`);
    const attempt = async (
      shown: boolean,
      before?: Promise<unknown>,
    ): Promise<{ answer: Promise<T> }> => {
      // At once, as a video goes on and a page may close its frames.
      const reading = Promise.all(sources.map((source) => portable(source, shown)));
      reading.catch(() => {});
      await before;
      const sent = await reading;
      signal?.throwIfAborted();
      const place = await this.#current();
      const transfer = sent.flatMap((picture) => picture.transfer);
      const pictures = sent.map(({ picture }) => picture);
      // In an object, so that the next call does not wait for the answer.
      return { answer: call(place, pictures, transfer).catch(explained) };
    };
    const turn = attempt(false, this.#sending);
    this.#sending = turn.catch(() => {});
    try {
      return await (
        await turn
      ).answer;
    } catch (error) {
      if (!needsShown(error)) throw error;
      return (await attempt(true)).answer;
    }
  }
}

async function loadAt(
  connection: Connection,
  name: string,
  options: LoadOptions,
  beginning: Beginning,
): Promise<Place> {
  const { baseURL, onProgress, signal, worker, ...rest } = options;
  const sent: SentOptions = { ...rest, baseURL: siteURL(baseURL).href };
  try {
    const loaded = await connection.call(
      "load",
      { name, options: sent, beginning },
      { signal, onProgress },
    );
    connection.onBackend.set(loaded.model, (backend) => (loaded.backend = backend));
    return { connection, loaded };
  } catch (error) {
    connection.leave();
    throw error;
  }
}

/** A picture that the browser does not let go to the worker, in our words. */
function explained(error: unknown): never {
  if (!(error instanceof DOMException && error.name === "DataCloneError")) throw error;
  throw new DecodeError(
    "The picture cannot be read: it comes from another origin without CORS or was closed.",
    { cause: error },
  );
}
