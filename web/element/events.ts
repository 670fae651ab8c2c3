import type { DoubtfulAnswers, Prediction, Progress } from "../loader/torch2web.ts";

export interface PredictionDetail {
  prediction: Prediction;
  /** What was predicted: the file, the address of a sample, or the camera's <video>. */
  source: Blob | string | HTMLVideoElement;
}

/** The events of `<image-classifier>`, all composed; `error` does not bubble, as pages listen for errors at the window. */
export interface ImageClassifierEventMap {
  /** For each picture, and each frame of the camera. */
  prediction: CustomEvent<PredictionDetail>;
  /** While the model is downloaded. */
  progress: CustomEvent<Progress>;
  /** Answers turned out to be doubtful: their backend has failed a later check, and is replaced. */
  doubtful: CustomEvent<DoubtfulAnswers>;
  /** Errors of the loader, and of the browser: `NotAllowedError` where the camera is refused. */
  error: CustomEvent<{ error: unknown }>;
}
