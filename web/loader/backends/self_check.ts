/** The golden input, whose logits the build recorded: run on a backend, and compared. */
import type { SelfCheck } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { ModelInfo, VariantInfo } from "../api/manifest.ts";
import type { Backend } from "./backend.ts";
import { goldenInput } from "./golden.ts";

/** The model that a backend runs. */
export interface Checked {
  info: ModelInfo;
  variant: VariantInfo;
}

/** Logits that exceed the tolerance, are not numbers, or are too few or too many. */
export class ToleranceError extends BackendError {
  /** Undefined where the logits cannot be compared. */
  readonly maxAbsDiff: number | undefined;

  constructor(message: string, maxAbsDiff?: number) {
    super(message);
    this.maxAbsDiff = maxAbsDiff;
  }
}

/**
 * Checks a new backend at the recorded batch size, then `runs` times with one image, another one each time: a backend may
 * be right at one batch size alone, right the first time alone, or return the answer before. Raises ToleranceError.
 * `fastest` is the duration of the fastest run with one image.
 */
export async function selfCheck(
  backend: Backend,
  checked: Checked,
  runs: number,
): Promise<SelfCheck & { fastest: number }> {
  const { logits } = checked.variant.golden;
  const started = performance.now();
  let maxAbsDiff = await runGolden(backend, checked, logits.length, 0);
  const duration = performance.now() - started;
  let fastest = Infinity;
  for (let run = 1; run <= runs; run++) {
    const input = batchOf(checked, 1, run);
    const before = performance.now();
    const actual = await backend.run(input, 1);
    fastest = Math.min(fastest, performance.now() - before);
    maxAbsDiff = Math.max(maxAbsDiff, compare(backend, checked, actual, 1, run));
  }
  const tolerance = Math.max(...logits.map((_, row) => toleranceOf(checked, row)));
  return { maxAbsDiff, tolerance, duration, fastest };
}

/**
 * Runs `batch` images of the golden input, from the image `first` on and again from its start. Raises ToleranceError where
 * the logits differ from the recorded ones, else returns the largest difference.
 */
export async function runGolden(
  backend: Backend,
  checked: Checked,
  batch: number,
  first: number,
): Promise<number> {
  const actual = await backend.run(batchOf(checked, batch, first), batch);
  return compare(backend, checked, actual, batch, first);
}

/** Why `logits` are none of `batch` images; empty where they can be. */
export function problemOf(logits: Float32Array, batch: number, { info }: Checked): string {
  const expected = batch * info.output.shape[1];
  if (logits.length !== expected) return `gave ${logits.length} logits, expected ${expected}`;
  const wrong = logits.find((logit) => !Number.isFinite(logit));
  return wrong === undefined ? "" : `gave ${wrong} as a logit`;
}

function compare(
  backend: Backend,
  checked: Checked,
  actual: Float32Array,
  batch: number,
  first: number,
): number {
  const { info, variant } = checked;
  const rows = variant.golden.logits;
  const refused = `in the self-check with ${batch === 1 ? "1 image" : `${batch} images`}`;
  const problem = problemOf(actual, batch, checked);
  if (problem) {
    throw new ToleranceError(
      `${info.name} on ${backend.description} ${problem} ${refused}. It was refused, as its answers would be wrong.`,
    );
  }
  const classes = actual.length / batch;
  let largest = 0;
  for (let image = 0; image < batch; image++) {
    const row = (first + image) % rows.length;
    const tolerance = toleranceOf(checked, row);
    const maxAbsDiff = rows[row]!.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - actual[image * classes + i]!)),
      0,
    );
    // "not within" refuses NaN too.
    if (!(maxAbsDiff <= tolerance)) {
      throw new ToleranceError(
        `${info.name} on ${backend.description} is off by ${maxAbsDiff} from the recorded logits ${refused}, ` +
          `expected at most ${tolerance}. It was refused, as its answers would be wrong.`,
        maxAbsDiff,
      );
    }
    largest = Math.max(largest, maxAbsDiff);
  }
  return largest;
}

/** Largest difference accepted of the logits of image `row`. */
function toleranceOf({ variant }: Checked, row: number): number {
  const { tolerance } = variant.golden;
  return typeof tolerance === "number" ? tolerance : tolerance[row]!;
}

function batchOf(
  { info, variant }: Checked,
  batch: number,
  first: number,
): Float32Array<ArrayBuffer> {
  const { seed, logits } = variant.golden;
  const rows = Math.min(batch, logits.length);
  const images = Array.from({ length: rows }, (_, i) =>
    goldenInput(seed + ((first + i) % logits.length), 1, info),
  );
  const { length } = images[0]!;
  const tensor = new Float32Array(batch * length);
  for (let i = 0; i < batch; i++) tensor.set(images[i % rows]!, i * length);
  return tensor;
}
