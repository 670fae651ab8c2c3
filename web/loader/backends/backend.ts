import type { BackendName } from "../api/backend.ts";

/** Turns input tensors into logits. Nothing else is known of it. */
export interface Backend {
  readonly name: BackendName;
  /** What runs, for people: library, version, threads. */
  readonly description: string;
  readonly threads: number;
  /** Logits [batch × classes] of `tensor` [batch, 3, height, width]. */
  run(tensor: Float32Array, batch: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}
