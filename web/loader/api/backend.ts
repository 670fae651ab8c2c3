/** Which backend runs a model, and how its outputs compare with PyTorch's. */

export type BackendName = "compiled" | "wasm" | "webgpu";

export interface BackendReport {
  name: BackendName;
  /** Library, version and threads, for people. */
  description: string;
  threads: number;
  /** Why this backend was chosen. */
  reason: string;
  selfCheck: SelfCheck;
  /** Backends that were tried first and failed, failed the self-check, also later, or were slower. */
  rejected: RejectedBackend[];
}

export interface RejectedBackend {
  name: BackendName;
  threads: number;
  reason: string;
  /** Largest absolute difference of its logits from the recorded ones; undefined where it gave none. */
  maxAbsDiff?: number;
}

/** Logits of the golden input on this device, compared with the recorded ones. */
export interface SelfCheck {
  maxAbsDiff: number;
  tolerance: number;
  /** In milliseconds. */
  duration: number;
}
