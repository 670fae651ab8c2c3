/**
 * What a page and its worker say to each other. The worker runs the same loader; models live there, and the page holds
 * numbers that stand for them.
 */
import type { BackendReport } from "../api/backend.ts";
import type { EnsemblePrediction } from "../api/ensemble.ts";
import type { LoadOptions } from "../api/load_options.ts";
import type { LoadedModelInfo, Prediction } from "../api/model.ts";
import type { Progress } from "../api/progress.ts";
import type { Beginning } from "../fetch/manifest/prefetch.ts";
import type { Portable } from "../images/transferable.ts";
import type { PackedError } from "./packed_error.ts";

/** By this name the loader knows that it was started as the worker. */
export const WORKER_NAME = "torch2web";

/** Load options without what cannot be sent. */
export type SentOptions = Omit<LoadOptions, "baseURL" | "onProgress" | "signal" | "worker"> & {
  baseURL: string;
};

/** What a model that was loaded in the worker is. */
export interface Loaded {
  model: number;
  info: LoadedModelInfo;
  variant: string;
  backend: BackendReport;
}

/** What a run gave, and the tensor that it was given. */
export interface Ran {
  logits: Float32Array;
  tensor: Float32Array<ArrayBuffer>;
}

/** Every call, with its arguments and its result. */
export interface Calls {
  load: {
    takes: { name: string; options: SentOptions; beginning: Beginning };
    gives: Loaded;
  };
  predict: { takes: { model: number; sources: Portable[] }; gives: Prediction[] };
  preprocess: {
    takes: { model: number; source: Portable };
    gives: Float32Array<ArrayBuffer>;
  };
  /** The tensor's memory goes back for the next one. */
  run: { takes: { model: number; tensor: Float32Array<ArrayBuffer> }; gives: Ran };
  together: {
    takes: { models: number[]; weights: readonly number[]; source: Portable };
    gives: EnsemblePrediction;
  };
  dispose: { takes: { model: number }; gives: undefined };
}

export type Method = keyof Calls;

/** What a method may use while it runs. */
export interface Context {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  onBackendChange(model: number, report: BackendReport): void;
}

/** The methods that the worker runs. */
export type Methods = {
  [M in Method]: (args: Calls[M]["takes"], context: Context) => Promise<Calls[M]["gives"]>;
};

export type Request =
  { [M in Method]: { id: number; method: M; args: Calls[M]["takes"] } }[Method] | { abort: number };

export type Reply =
  | { ready: true; problem: string }
  | { id: number; progress: Progress }
  /** Another one in the place of the one that failed. */
  | { model: number; backend: BackendReport }
  | { id: number; result: unknown }
  | { id: number; error: PackedError };

/** The first message. */
export interface Greeting {
  /** Name of a lock that the worker holds for as long as it lives. */
  lock: string;
  /** SHA-256 of the manifest that the page's stub pins. */
  pin: string;
}
