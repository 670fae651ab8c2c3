import type { PreprocessingInfo } from "../api/preprocessing.ts";
import { normalise } from "./normalise.ts";
import type { Pixels } from "./pixels.ts";
import { applySteps } from "./steps.ts";

/** The preprocessed image: [channels, height, width]. */
export function tensorOf(
  image: Pixels,
  preprocessing: PreprocessingInfo,
): Float32Array<ArrayBuffer> {
  return normalise(applySteps(image, preprocessing), preprocessing);
}
