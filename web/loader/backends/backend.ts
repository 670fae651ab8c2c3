import type { BackendName } from "../api/backend.ts";

/** Computes logits from input tensors. */
export interface Backend {
  readonly name: BackendName;
  /** Library, version and threads, for people. */
  readonly description: string;
  readonly threads: number;
  /** Logits [batch × classes] of `tensor` [batch, channels, height, width]. Raises BackendError. */
  run(tensor: Float32Array, batch: number): Promise<Float32Array>;
  /** Settles with the reason when its device is lost; absent where it has none. */
  readonly lost?: Promise<string> | undefined;
  dispose(): Promise<void>;
}
