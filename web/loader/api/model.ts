import type { Float32Values } from "./array.ts";
import type { BackendReport } from "./backend.ts";
import type { CacheReport } from "./cache.ts";
import type { DecodedBy, ImageSource, Orientation } from "./image.ts";
import type { ModelInfo } from "./manifest.ts";
import type { PreprocessingInfo } from "./preprocessing.ts";
import type { AnswerOptions, Heatmap, LabelProbability, NamedValue } from "./task.ts";
import type { Recalibrated } from "./recalibrate.ts";
import type { Watch, WatchedPredictions, WatchOptions } from "./watch.ts";

/** `P` is `Prediction` for classifiers, and follows from the option `task` of `loadModel` for others. */
export interface Model<P extends AnyPrediction = Prediction> {
  readonly info: LoadedModelInfo;
  /** Name of the variant that was loaded. */
  readonly variant: string;
  /** The backend that runs the model, why it was chosen, and its self-check. */
  readonly backend: BackendReport;
  readonly worker: WorkerReport;
  /**
   * Concurrent calls are answered in the order of the calls, but a call waits no longer than a second for the images of
   * an earlier one. Reading an image has the time limit `stallTimeout`. Raises DecodeError, BackendError, or the signal's
   * reason. A model that is no classifier raises TaskError unless it was loaded with its `task`.
   */
  predict(source: ImageSource, options?: PredictOptions): Promise<P>;
  /** Predicts all of `sources` as one batch; they are decoded one at a time. */
  predictBatch(sources: readonly ImageSource[], options?: PredictOptions): Promise<P[]>;
  /**
   * The vector of an embedding model, as the network gives it, or the features of another one, where `info.features` is
   * there; with `normalize`, divided by its length. Other models raise TaskError. `similarity` compares two vectors.
   */
  embed(source: ImageSource, options?: EmbedOptions): Promise<Float32Values>;
  /** The preprocessed image: a tensor [channels, height, width]. */
  preprocess(source: ImageSource, options?: PredictOptions): Promise<Float32Values>;
  /** Outputs [batch × outputs] of a tensor [batch, channels, height, width]. Raises RangeError for NaN, infinities or another size. */
  run(tensor: Float32Array, options?: PredictOptions): Promise<Float32Array>;
  /** Predicts the newest frame of a camera or video, again and again until it is stopped. */
  watch(
    source: HTMLVideoElement | MediaStream,
    callback: (prediction: P) => void,
    options?: WatchOptions,
  ): Watch;
  /** Without a callback: `for await (const prediction of model.watch(video))`. Ending the loop stops it. */
  watch(source: HTMLVideoElement | MediaStream, options?: WatchOptions): WatchedPredictions<P>;
  /** Frees the memory; the model cannot be used afterwards. Calls whose images are still read raise BackendError. */
  dispose(): Promise<void>;
}

export interface PredictOptions extends AnswerOptions {
  /** Aborts the call: one that waits is not started, one that runs is not awaited. */
  signal?: AbortSignal | undefined;
  /** Whether to apply the Exif orientation of files; by default as the model was loaded. */
  orientation?: PreprocessingInfo["exif_orientation"] | undefined;
}

export interface EmbedOptions extends Pick<PredictOptions, "signal" | "orientation"> {
  /** Whether to divide the vector by its length (L2); by default false. */
  normalize?: boolean | undefined;
}

/** Of a classifier. */
export interface Prediction extends ReadImageReport {
  /** Of `watch` with `recalibrate`, while a server's answer corrects the probabilities. */
  recalibrated?: Recalibrated;
  /** The most probable label; of two with a threshold, the second one if its probability reaches it. */
  label: string;
  /** Its probability. */
  confidence: number;
  /** One for each label of `model.info.labels`, in order; they sum to 1 where labels exclude each other. */
  probabilities: number[];
  /** Where labels are independent: those whose probability reaches their threshold, the most probable first. */
  labels?: LabelProbability[];
  /** The most probable labels, the most probable first: 5, or as `topK` and `threshold` say. */
  top: LabelProbability[];
  /** With `heatmap`: the class activation map of the answer, or of the label that was asked for. */
  heatmap?: Heatmap;
  /** With `features`: the outputs of the inner layer that `model.info.features` names. */
  features?: Float32Values;
}

export interface RegressionPrediction extends ReadImageReport {
  /** One for each name in `model.info.labels`, in order. */
  values: NamedValue[];
}

export interface EmbeddingPrediction extends ReadImageReport {
  /** As the network gives it. */
  embedding: Float32Values;
}

export type AnyPrediction = Prediction | RegressionPrediction | EmbeddingPrediction;

/** What every prediction says: the network's outputs, and how the image was read. */
export interface ReadImageReport {
  /** The network's outputs as they are, whatever they mean. */
  logits: Float32Array;
  /**
   * Whether the pixels are, to the last bit, those that Pillow reads from the file, or those that the canvas, bitmap, video
   * or frame shows: docs/pictures.md defines it.
   */
  exact: boolean;
  /** Why they may differ; empty where they are equal. */
  inexact: string;
  decodedBy: DecodedBy;
  orientation: Orientation;
  /** When the network ran, in milliseconds since 1970: `onDoubtful` names answers by it. */
  time: number;
  timings: Timings;
}

/** In milliseconds; for a batch, of the whole batch. */
export interface Timings {
  decode: number;
  preprocess: number;
  run: number;
  total: number;
}

/** A model's entry in model_info.json, and where its files came from. */
export interface LoadedModelInfo extends ModelInfo {
  cache: CacheReport;
  manifest: ManifestReport;
}

/** The model_info.json that the model was loaded by. */
export interface ManifestReport {
  /** Its hash, as the option `integrity` takes it. */
  integrity: string;
  /**
   * Whether another hash would have been refused: not by the npm package without the option `integrity`, nor for a name
   * with a version that a store's index says without a signature.
   */
  pinned: boolean;
}

export interface WorkerReport {
  /** Whether the model runs in a worker. */
  used: boolean;
  /** Why it does not; empty where it does. */
  reason: string;
}
