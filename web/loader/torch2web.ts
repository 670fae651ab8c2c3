/** The public surface: the exports of the stub torch2web.js, and their types. */
export { cacheStatus, clearCache } from "./fetch/part_cache.ts";
export type { CacheOptions, CacheStatus } from "./fetch/part_cache.ts";
export type { CacheReport } from "./fetch/delivery.ts";
export { loadEnsemble } from "./load/load_ensemble.ts";
export type { Ensemble, EnsembleOptions } from "./load/load_ensemble.ts";
export {
  BackendError,
  DecodeError,
  DownloadError,
  IntegrityError,
  ManifestError,
  SignatureError,
  Torch2WebError,
} from "./api/errors.ts";
export { loadModel } from "./load/load_model.ts";
export type {
  LoadedModelInfo,
  LoadOptions,
  Model,
  Prediction,
  PredictOptions,
  Timings,
  WorkerReport,
} from "./load/load_model.ts";
export type { BackendName, BackendReport, RejectedBackend, SelfCheck } from "./backends/backend.ts";
export type { DecodedBy } from "./images/decode.ts";
export type { Progress } from "./fetch/download.ts";
export type { PublicKey } from "./fetch/manifest/signature.ts";
export type {
  FileInfo,
  GoldenInfo,
  ModelInfo,
  PartedFileInfo,
  PreprocessingInfo,
  VariantInfo,
  VerificationInfo,
} from "./api/manifest.ts";
export type { ImageSource } from "./images/image_source.ts";
export type { CenterCropInfo, PadInfo, ResizeInfo, StepInfo } from "./images/steps.ts";
export type { EnsemblePrediction } from "./load/ensemble_predict.ts";
export type { Watch, WatchOptions } from "./load/watch.ts";
