/** What a page has of a model, and where it runs: in a worker beside the page, or in the page itself. */
import type { BackendName, BackendReport } from "../backends/backend.ts";
import type { DecodedBy } from "../images/decode.ts";
import type { CacheReport } from "../fetch/delivery.ts";
import type { Progress } from "../fetch/download.ts";
import { begin } from "../fetch/manifest/prefetch.ts";
import { loadInline } from "./inline_model.ts";
import type { ModelInfo } from "../api/manifest.ts";
import type { PublicKey } from "../fetch/manifest/signature.ts";
import { manifestPin } from "../fetch/manifest/pin.ts";
import { siteURL } from "../fetch/manifest/read.ts";
import type { ImageSource } from "../images/image_source.ts";
import type { Watch, WatchOptions } from "./watch.ts";
import { Connection } from "../worker/connection.ts";
import { RemoteModel } from "./remote_model.ts";

export interface LoadOptions {
  /** Folder of the site's files; by default where this script comes from. */
  baseURL?: string | URL;
  /** Name of one of the model's variants; by default the one that the build recommends. */
  variant?: string;
  /**
   * Backends that may run the model, the preferred one first; by default "compiled", then "webgpu" where it is faster
   * than "wasm", then "wasm".
   */
  backends?: readonly BackendName[];
  /**
   * Threads to compute with; by default as many as a short trial shows to help. More than one take effect only if the
   * page is cross-origin isolated. They are workers, whose scripts browsers start without checking their hash.
   */
  threads?: number;
  /**
   * Whether everything runs in a worker, so that the page never waits; by default it does where it can.
   * Browsers start a worker's scripts without checking their hash: the loader looks at them just before.
   */
  worker?: boolean;
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
  /** Drops the prediction: one that waits is not begun, and one that runs is not waited for. */
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

/** Where a model runs. */
export interface WorkerReport {
  /** Whether in a worker. */
  used: boolean;
  /** Why not; empty where it is. */
  reason: string;
}

export interface Model {
  readonly info: LoadedModelInfo;
  /** Name of the variant that was loaded. */
  readonly variant: string;
  /** What runs it, why, and how close it came to PyTorch on this device. */
  readonly backend: BackendReport;
  readonly worker: WorkerReport;
  /** The answers to calls made at once come in the order of the calls. */
  predict(source: ImageSource, options?: PredictOptions): Promise<Prediction>;
  /** All of `sources` in one run. */
  predictBatch(sources: readonly ImageSource[], options?: PredictOptions): Promise<Prediction[]>;
  /** The input tensor of a picture: [3, height, width], as PyTorch saw it in training. */
  preprocess(source: ImageSource, options?: PredictOptions): Promise<Float32Array<ArrayBuffer>>;
  /** Logits of a ready-made tensor: [batch, 3, height, width] in, [batch × classes] out. */
  run(tensor: Float32Array, options?: PredictOptions): Promise<Float32Array>;
  /** Answers to what a camera or a video shows, its newest frame each time, until it is stopped. */
  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: Prediction) => void,
    options?: WatchOptions,
  ): Watch;
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
  manifestPin(); // raises before anything is fetched
  // Now, as a page's own address may change meanwhile.
  const given = { ...options, baseURL: siteURL(options.baseURL) };
  if (options.worker === false) return loadInline(name, given, "turned off by the page");
  const beginning = begin(given);
  const connection = await Connection.open(options.signal);
  return connection instanceof Connection
    ? RemoteModel.load(connection, name, given, await beginning)
    : loadInline(name, given, connection.problem, beginning);
}
