/**
 * Models that components share. One that no component uses any longer is freed a moment later, so that React, which
 * unmounts and mounts again under StrictMode, neither loads it twice nor keeps it.
 */
import { loadModel } from "torch2web";
import type {
  AnyLoadOptions,
  AnyPrediction,
  DoubtfulAnswers,
  Model,
  OverallProgress,
} from "torch2web";

export type SharedOptions = Omit<AnyLoadOptions, "onProgress" | "onDoubtful" | "signal">;

/** How far a model is. */
export interface LoadState<P extends AnyPrediction = AnyPrediction> {
  /** Undefined until it is loaded. */
  model: Model<P> | undefined;
  /** Of all files together, while it loads. */
  progress: OverallProgress | undefined;
  /** Why it cannot be loaded. */
  error: unknown;
  loading: boolean;
  /** Answers that turned out to be doubtful, if there are any: the newest such report. */
  doubtful: DoubtfulAnswers | undefined;
}

export const IDLE: LoadState = {
  model: undefined,
  progress: undefined,
  error: undefined,
  loading: false,
  doubtful: undefined,
};
const LOADING: LoadState = { ...IDLE, loading: true };

/** Share of the bytes from which on a component is rendered again. */
const STEP = 0.01;

class SharedModel {
  state = LOADING;
  readonly #listeners = new Set<() => void>();
  readonly #abort = new AbortController();
  readonly #loaded: Promise<Model<AnyPrediction> | undefined>;
  readonly #key: string;

  constructor(key: string, name: string, options: SharedOptions) {
    this.#key = key;
    this.#loaded = this.#load(name, options);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      setTimeout(() => this.#freeUnused());
    };
  }

  async #load(name: string, options: SharedOptions): Promise<Model<AnyPrediction> | undefined> {
    try {
      const model = await loadModel(name, {
        ...options,
        signal: this.#abort.signal,
        onProgress: ({ overall }) => this.#progressed(overall),
        onDoubtful: (doubtful) => this.#change({ ...this.state, doubtful }),
      });
      sharedBy.set(model, this);
      this.#change({ ...IDLE, model });
      return model;
    } catch (error) {
      this.#change({ ...IDLE, error });
      return undefined;
    }
  }

  #progressed(progress: OverallProgress): void {
    const shown = this.state.progress;
    const share = ({ loaded, total }: OverallProgress): number => (total ? loaded / total : 1);
    const step = share(progress) - (shown ? share(shown) : -1);
    if (this.state.loading && Math.abs(step) >= STEP) this.#change({ ...LOADING, progress });
  }

  #change(state: LoadState): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }

  #freeUnused(): void {
    if (this.#listeners.size || models.get(this.#key) !== this) return;
    models.delete(this.#key);
    this.#abort.abort();
    void this.#loaded.then((model) => model?.dispose());
  }
}

const models = new Map<string, SharedModel>();

/** Of models that are loaded. */
const sharedBy = new WeakMap<object, SharedModel>();

/** The state of the model with this key, without loading it. */
export function stateOf(key: string): LoadState {
  return models.get(key)?.state ?? LOADING;
}

/** Loads the model unless it is there, and calls `listener` after each change, until the returned function is called. */
export function subscribe(
  key: string,
  name: string,
  options: SharedOptions,
  listener: () => void,
): () => void {
  let shared = models.get(key);
  if (!shared) {
    shared = new SharedModel(key, name, options);
    models.set(key, shared);
  }
  return shared.subscribe(listener);
}

/** The newest doubtful answers of a model that `useModel` gave; of another one none are known. */
export function doubtOf(model: object | undefined): DoubtfulAnswers | undefined {
  return model && sharedBy.get(model)?.state.doubtful;
}

/** Calls `listener` after each change of a model that `useModel` gave, as `subscribe` does. */
export function follow(model: object | undefined, listener: () => void): () => void {
  return (model && sharedBy.get(model)?.subscribe(listener)) ?? (() => {});
}

/** Forgets a model that could not be loaded: the next `subscribe` loads it again. */
export function forget(key: string): void {
  if (models.get(key)?.state.error !== undefined) models.delete(key);
}

const keys = new WeakMap<CryptoKey, number>();
let keyCount = 0;

/** Equal for equal names and options. */
export function keyOf(name: string, options: SharedOptions): string {
  const { publicKey, ...rest } = options;
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, entries, "publicKey" in options && identityOf(publicKey)]);
}

function identityOf(key: SharedOptions["publicKey"]): string | number {
  if (typeof key !== "object") return String(key);
  if (!keys.has(key)) keys.set(key, ++keyCount);
  return keys.get(key)!;
}
