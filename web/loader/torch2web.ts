/** The public surface: the exports of the stub torch2web.js, and their types. */
export { cacheStatus, clearCache } from "./cache.ts";
export type { CacheOptions, CacheStatus } from "./cache.ts";
export type { CacheReport } from "./delivery.ts";
export { loadEnsemble } from "./ensemble.ts";
export type { Ensemble, EnsembleOptions } from "./ensemble.ts";
export {
  BackendError,
  DecodeError,
  DownloadError,
  IntegrityError,
  ManifestError,
  SignatureError,
  Torch2WebError,
} from "./errors.ts";
export { loadModel } from "./model.ts";
export type {
  LoadedModelInfo,
  LoadOptions,
  Model,
  Prediction,
  PredictOptions,
  Timings,
  WorkerReport,
} from "./model.ts";
export type { BackendName, BackendReport, RejectedBackend, SelfCheck } from "./backend.ts";
export type { DecodedBy } from "./decode.ts";
export type { Progress } from "./download.ts";
export type { PublicKey } from "./signature.ts";
export type {
  FileInfo,
  GoldenInfo,
  ModelInfo,
  PartedFileInfo,
  PreprocessingInfo,
  VariantInfo,
  VerificationInfo,
} from "./manifest.ts";
export type { ImageSource } from "./source.ts";
export type { CenterCropInfo, PadInfo, ResizeInfo, StepInfo } from "./steps.ts";
export type { EnsemblePrediction } from "./together.ts";
export type { Watch, WatchOptions } from "./watch.ts";
