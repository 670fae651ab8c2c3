import type { BackendReport, RejectedBackend } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import { Semaphore } from "../fetch/semaphore.ts";
import { within } from "../fetch/time_limit.ts";
import { untilAborted } from "../fetch/until_aborted.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import { chooseBackend, type Chosen } from "./choose.ts";
import { IdleCheck } from "./idle_check.ts";
import { Repeats } from "./repeats.ts";
import { problemOf, runGolden, ToleranceError, type Checked } from "./self_check.ts";

/** Milliseconds in which a backend has to end. */
const DISPOSE_TIMEOUT = 10_000;

/** Above any preprocessed image; larger values may overflow in a backend that is right. */
const MAX_INPUT = 1000;

/**
 * Runs the chosen backend, one run at a time, and goes on checking it: each answer for length and finiteness, each new
 * batch size by the golden input before its first use, and by the golden input again from time to time. A backend that
 * fails, such as when the GPU device is lost, is replaced by the next candidate.
 */
export class FallbackBackend {
  /** Called after a fallback. */
  onChange: (report: BackendReport) => void = () => {};
  readonly #queue = new Semaphore(1);
  readonly #idleCheck = new IdleCheck(
    () => this.#queue.idle,
    () => this.#checkAgain(),
  );
  readonly #checked: Checked;
  readonly #inputs: () => BackendInputs;
  readonly #forget: () => void;
  readonly #repeats = new Repeats();
  #chosen: Chosen;
  /** Batch sizes that passed the self-check. */
  #sizes: Set<number>;
  /** Why the chosen backend is not used again. */
  #wrong: ToleranceError | undefined;
  /** Number of the next repeated check, which has another image than the one before. */
  #turn = 0;
  #disposed = false;

  /** `inputs` gives those of a later backend; `forget` is called when a backend gave wrong logits. */
  constructor(chosen: Chosen, checked: Checked, inputs: () => BackendInputs, forget: () => void) {
    this.#chosen = chosen;
    this.#checked = checked;
    this.#inputs = inputs;
    this.#forget = forget;
    this.#sizes = this.#checkedSizes();
  }

  get report(): BackendReport {
    return this.#chosen.report;
  }

  /**
   * Logits [batch × classes] of `tensor`, after the runs before it. Raises BackendError when no candidate is left,
   * RangeError for values that overflow, or the signal's reason.
   */
  async run(tensor: Float32Array, batch: number, signal?: AbortSignal): Promise<Float32Array> {
    const logits = await this.inTurn(signal, () => this.#run(tensor, batch));
    if (!this.#disposed) this.#idleCheck.answered();
    return logits;
  }

  /** Runs `task` after the runs before it. Raises the signal's reason as soon as it aborts; what runs is not interrupted. */
  inTurn<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return untilAborted(this.#queue.run(signal, task), signal);
  }

  /** After the runs before it; a backend that neither ends them nor itself is left to the browser. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#idleCheck.stop();
    const disposed = this.#queue.run(undefined, () => this.#chosen.backend.dispose());
    await within(DISPOSE_TIMEOUT, disposed).catch(() => {});
  }

  async #run(tensor: Float32Array, batch: number): Promise<Float32Array> {
    for (;;) {
      try {
        if (this.#wrong) throw this.#wrong;
        if (!this.#sizes.has(batch)) await this.#check(batch, 0);
        return await this.#answer(tensor, batch);
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        await this.#replace(error);
      }
    }
  }

  /** Raises BackendError where something is wrong with the logits. */
  async #answer(tensor: Float32Array, batch: number): Promise<Float32Array> {
    const { backend } = this.#chosen;
    const logits = await backend.run(tensor, batch);
    const problem = problemOf(logits, batch, this.#checked);
    if (problem) {
      const extreme = tensor.find((value) => Math.abs(value) > MAX_INPUT);
      if (extreme === undefined) throw new ToleranceError(`${backend.description} ${problem}.`);
      await this.#check(batch, 0);
      throw new RangeError(`The logits of this tensor overflow; it has values such as ${extreme}.`);
    }
    if (!this.#repeats.isRepeated(tensor, logits)) return logits;
    // Two images that the model takes for the same, or the answer before again.
    await this.#check(1, ++this.#turn);
    return backend.run(tensor, batch);
  }

  async #check(batch: number, first: number): Promise<void> {
    await runGolden(this.#chosen.backend, this.#checked, batch, first);
    this.#sizes.add(batch);
  }

  /** Twice, with two images: calls may run in between. */
  async #checkAgain(): Promise<void> {
    for (let run = 0; run < 2; run++) {
      await this.#queue.run(undefined, async () => {
        if (this.#disposed || this.#wrong) return;
        await this.#check(1, ++this.#turn).catch((error: unknown) =>
          // Raised again by the next call where no backend is left.
          error instanceof BackendError ? this.#replace(error).catch(() => {}) : undefined,
        );
      });
    }
  }

  /** Raises `error`, with other reasons if there are, where no candidate is left. */
  async #replace(error: BackendError): Promise<void> {
    const { backend, report, others } = this.#chosen;
    const { name, threads } = report;
    const wrong = error instanceof ToleranceError;
    if (wrong && this.#wrong !== error) {
      this.#wrong = error;
      this.#forget();
      console.warn(`torch2web: ${error.message} Its last answers may be wrong too.`);
    }
    const failed: RejectedBackend = { name, threads, reason: `failed: ${error.message}` };
    if (wrong && error.maxAbsDiff !== undefined) failed.maxAbsDiff = error.maxAbsDiff;
    const rejected = [...report.rejected, failed];
    if (!others.length) {
      if (wrong && report.rejected.at(-1)?.reason !== failed.reason) {
        this.#change({ backend, report: { ...report, rejected }, others });
      }
      throw error;
    }
    const chosen = await chooseBackend(others, this.#inputs()).catch((later: unknown) => {
      if (later instanceof BackendError) {
        this.#change({ backend, report: { ...report, rejected }, others: [] });
      }
      throw later;
    });
    backend.dispose().catch(() => {});
    this.#wrong = undefined;
    rejected.push(...chosen.report.rejected);
    this.#change({ ...chosen, report: { ...chosen.report, rejected } });
  }

  #change(chosen: Chosen): void {
    this.#chosen = chosen;
    this.#sizes = this.#checkedSizes();
    this.onChange(chosen.report);
  }

  /** The batch sizes of the first self-check. */
  #checkedSizes(): Set<number> {
    return new Set([1, this.#checked.variant.golden.logits.length]);
  }
}
