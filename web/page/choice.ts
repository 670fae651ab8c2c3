/** Networks, as the page and its chunks name them. */
import type { AnyPrediction, Model, Task, Watch, WatchOptions } from "../loader/torch2web.ts";

/** A network that the page offers. */
export interface Choice {
  name: string;
  title: string;
  task: Task;
  /** Bytes of its download. */
  bytes: number;
  /** Names of the networks whose mean it is; absent of one network. */
  members?: readonly string[];
}

/** A network in memory, or several as one. */
export interface PageModel extends Pick<
  Model<AnyPrediction>,
  "info" | "backend" | "predict" | "dispose"
> {
  /** As `watch` of a model does. */
  watch: (
    video: HTMLVideoElement,
    callback: (prediction: AnyPrediction) => void,
    options: WatchOptions,
  ) => Watch;
}
