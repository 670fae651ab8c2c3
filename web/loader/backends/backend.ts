import { BackendError } from "../api/errors.ts";
import { goldenInput } from "./golden.ts";
import type { GoldenInfo, ModelInfo } from "../api/manifest.ts";

export type BackendName = "compiled" | "wasm" | "webgpu";

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

/** Which backend answers, and the proof that it may. */
export interface BackendReport {
  name: BackendName;
  description: string;
  threads: number;
  /** Why this one. */
  reason: string;
  selfCheck: SelfCheck;
  /** Those that were tried before it and may not answer here, or are slower. */
  rejected: RejectedBackend[];
}

export interface RejectedBackend {
  name: BackendName;
  threads: number;
  reason: string;
  /** How far its logits were from Python's; undefined where it gave none. */
  maxAbsDiff?: number;
}

/** A backend whose logits are not Python's. */
export class WrongLogits extends BackendError {
  readonly maxAbsDiff: number;

  constructor(message: string, maxAbsDiff: number) {
    super(message);
    this.maxAbsDiff = maxAbsDiff;
  }
}

/** The golden input on this device against the logits that Python recorded for it. */
export interface SelfCheck {
  maxAbsDiff: number;
  tolerance: number;
  /** In milliseconds. */
  duration: number;
}

/** Runs the golden input on `backend`. Raises BackendError where its logits are not the recorded ones. */
export async function selfCheck(
  backend: Backend,
  info: ModelInfo,
  { seed, logits: expected, tolerance }: GoldenInfo,
): Promise<SelfCheck> {
  const started = performance.now();
  const input = goldenInput(seed, expected.length, info);
  const actual = await backend.run(input, expected.length);
  const flat = expected.flat();
  const maxAbsDiff =
    actual.length === flat.length
      ? flat.reduce((worst, value, i) => Math.max(worst, Math.abs(value - actual[i]!)), 0)
      : Number.NaN;
  // Written as "not within", so that a NaN is refused too.
  if (!(maxAbsDiff <= tolerance)) {
    throw new WrongLogits(
      `${info.name} on ${backend.description} is off by ${maxAbsDiff} from Python's logits for the self-check, ` +
        `where ${tolerance} is allowed. It was refused, because its answers would be wrong.`,
      maxAbsDiff,
    );
  }
  return { maxAbsDiff, tolerance, duration: performance.now() - started };
}
