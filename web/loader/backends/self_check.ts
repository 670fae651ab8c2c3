import type { SelfCheck } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { GoldenInfo, ModelInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import { goldenInput } from "./golden.ts";

/** A backend whose logits are not Python's. */
export class WrongLogits extends BackendError {
  readonly maxAbsDiff: number;

  constructor(message: string, maxAbsDiff: number) {
    super(message);
    this.maxAbsDiff = maxAbsDiff;
  }
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
