import type { ModelInfo } from "../api/manifest.ts";
import type { AnyPrediction, ReadImageReport } from "../api/model.ts";

/** The part of a manifest's entry that gives outputs a meaning. */
export type Meant = Pick<ModelInfo, "name" | "labels" | "task" | "heatmap" | "features">;

/** The part of a prediction that depends on the task. */
export type Answer<P extends AnyPrediction = AnyPrediction> = P extends unknown
  ? Omit<P, keyof ReadImageReport>
  : never;
