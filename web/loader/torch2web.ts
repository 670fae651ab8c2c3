/** The public surface: the exports of the stub torch2web.js, and their types. */
export { cacheStatus, clearCache } from "./load/cache_status.ts";
export {
  BackendError,
  DecodeError,
  DownloadError,
  IntegrityError,
  ManifestError,
  SignatureError,
  TaskError,
  Torch2WebError,
} from "./api/errors.ts";
export { loadEnsemble } from "./load/load_ensemble.ts";
export { listModels } from "./load/list_models.ts";
export { loadModel } from "./load/load_model.ts";
export { similarity } from "./tasks/similarity.ts";

export type { Float32Values } from "./api/array.ts";
export type { BackendName, BackendReport, RejectedBackend, SelfCheck } from "./api/backend.ts";
export type { CacheOptions, CacheReport, CacheStatus } from "./api/cache.ts";
export type {
  Ensemble,
  EnsembleOptions,
  EnsemblePrediction,
  EnsembleRegressionPrediction,
} from "./api/ensemble.ts";
export type { DoubtfulAnswers } from "./api/doubt.ts";
export type { DecodedBy, ImageSource, Orientation } from "./api/image.ts";
export type { AnyLoadOptions, LoadOptions, PublicKey } from "./api/load_options.ts";
export type { ListOptions, ModelSummary } from "./api/list.ts";
export type {
  FileInfo,
  GoldenInfo,
  ModelInfo,
  PartedFileInfo,
  TaskFigures,
  VariantInfo,
  VerificationInfo,
} from "./api/manifest.ts";
export type {
  AnyPrediction,
  EmbeddingPrediction,
  EmbedOptions,
  LoadedModelInfo,
  ManifestReport,
  Model,
  Prediction,
  PredictOptions,
  ReadImageReport,
  RegressionPrediction,
  Timings,
  WorkerReport,
} from "./api/model.ts";
export type {
  CenterCropInfo,
  PadInfo,
  PreprocessingInfo,
  ResizeInfo,
  StepInfo,
} from "./api/preprocessing.ts";
export type { OverallProgress, Progress } from "./api/progress.ts";
export type {
  AnswerOptions,
  Heatmap,
  LabelProbability,
  LabelSelection,
  NamedValue,
  Task,
  TaskInfo,
} from "./api/task.ts";
export type { Recalibrated, RecalibrateOptions, Recalibration } from "./api/recalibrate.ts";
export type { Watch, WatchedPredictions, WatchOptions } from "./api/watch.ts";
