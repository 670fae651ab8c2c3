/** Entry of `torch2web/react`: hooks and a component for React 18 and newer. */
export { ImageClassifier, type ImageClassifierProps } from "./react/image_classifier.tsx";
export { useCamera, type Camera } from "./react/use_camera.ts";
export { useModel, type ModelState, type UseModelOptions } from "./react/use_model.ts";
export {
  usePrediction,
  type PredictionState,
  type UsePredictionOptions,
} from "./react/use_prediction.ts";
