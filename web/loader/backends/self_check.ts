import type { SelfCheck } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { GoldenInfo, ModelInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import { goldenInput } from "./golden.ts";

/** Logits that exceed the tolerance. */
export class ToleranceError extends BackendError {
  readonly maxAbsDiff: number;

  constructor(message: string, maxAbsDiff: number) {
    super(message);
    this.maxAbsDiff = maxAbsDiff;
  }
}

/** Runs the golden input on `backend`. Raises ToleranceError where its logits differ from the recorded ones. */
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
  // "not within" refuses NaN too.
  if (!(maxAbsDiff <= tolerance)) {
    throw new ToleranceError(
      `${info.name} on ${backend.description} is off by ${maxAbsDiff} from the recorded logits in the self-check, ` +
        `allowed is ${tolerance}. It was refused, as its answers would be wrong.`,
      maxAbsDiff,
    );
  }
  return { maxAbsDiff, tolerance, duration: performance.now() - started };
}
