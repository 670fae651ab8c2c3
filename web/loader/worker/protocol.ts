/** Messages between the page and its worker, where the models are; the page refers to them by number. */
import type { BackendReport } from "../api/backend.ts";
import type { AnyEnsemblePrediction } from "../api/ensemble.ts";
import type { AnyLoadOptions } from "../api/load_options.ts";
import type { AnyPrediction, LoadedModelInfo, PredictOptions } from "../api/model.ts";
import type { Progress } from "../api/progress.ts";
import type { News } from "../backends/news.ts";
import type { OwnScript } from "../fetch/chunks/own_script.ts";
import type { Prefetched } from "../fetch/manifest/prefetch.ts";
import type { TransferableImage } from "../images/transferable.ts";
import type { PackedError } from "./packed_error.ts";

/** Name of the worker, by which this script knows that it runs as the worker. */
export const WORKER_NAME = "torch2web";

/** The first message. */
export interface Greeting {
  /** Name of a lock that the worker holds as long as it lives. */
  lock: string;
  /** SHA-256 of the manifest that the page's stub pins; undefined where there is no stub. */
  pin: string | undefined;
  script: OwnScript;
}

/** Load options that can be posted. */
export type PostedOptions = Omit<
  AnyLoadOptions,
  "baseURL" | "onProgress" | "onDoubtful" | "signal" | "worker"
> & {
  baseURL: string;
};

/** A model in the worker. */
export interface Loaded {
  model: number;
  info: LoadedModelInfo;
  variant: string;
  backend: BackendReport;
}

/** The logits of a tensor, and the tensor, whose memory is reused. */
export interface Ran {
  logits: Float32Array;
  tensor: Float32Array<ArrayBuffer>;
}

/** Options of `predict` that can be posted. */
export type PostedPredictOptions = Omit<PredictOptions, "signal">;

type ExifOrientation = NonNullable<PredictOptions["orientation"]>;

/** The methods that a page calls, with their arguments and results. */
export interface Calls {
  load: {
    args: { name: string; options: PostedOptions; prefetched: Prefetched };
    result: Loaded;
  };
  predict: {
    args: { model: number; sources: TransferableImage[]; options: PostedPredictOptions };
    result: AnyPrediction[];
  };
  preprocess: {
    args: { model: number; source: TransferableImage; orientation: ExifOrientation | undefined };
    result: Float32Array<ArrayBuffer>;
  };
  run: { args: { model: number; tensor: Float32Array<ArrayBuffer> }; result: Ran };
  ensemblePredict: {
    args: {
      models: number[];
      weights: readonly number[];
      source: TransferableImage;
      options: PostedPredictOptions;
    };
    result: AnyEnsemblePrediction;
  };
  dispose: { args: { model: number }; result: undefined };
}

export type Method = keyof Calls;

/** The methods in the worker. */
export type Methods = {
  [M in Method]: (args: Calls[M]["args"], context: Context) => Promise<Calls[M]["result"]>;
};

/** Signal and callbacks of a running call. */
export interface Context {
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  tell: (model: number, news: News) => void;
}

export type Call = {
  [M in Method]: { id: number; method: M; args: Calls[M]["args"] };
}[Method];

export type Request = Call | { abort: number } | { shown: true };

export type Reply =
  /** `locked`: whether the worker holds the lock of the greeting. */
  | { ready: true; problem: string; locked: boolean }
  | { id: number; progress: Progress }
  | { id: number; result: unknown }
  | { id: number; error: PackedError }
  | { model: number; news: News };
