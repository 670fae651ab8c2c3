/** What a site has, before anything is loaded. */
import type { LoadOptions } from "./load_options.ts";
import type { Task } from "./task.ts";

export type ListOptions = Pick<LoadOptions, "integrity" | "publicKey" | "signal" | "stallTimeout">;

export interface ModelSummary {
  /** As `loadModel` takes it. */
  name: string;
  title: string;
  version: string;
  task: Task;
  /** As in `model.info.labels`. */
  labels: string[];
  /** Size of its default variant, with its plan or graph; the engine that runs it, which models share, comes on top. */
  bytes: number;
}
