import type { BackendReport, RejectedBackend } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import { Semaphore } from "../fetch/concurrency/semaphore.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import type { Backend } from "./backend.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import { chooseBackend, type Chosen } from "./choose.ts";
import type { News } from "./news.ts";
import { Recheck } from "./recheck.ts";
import { Repeats } from "./repeats.ts";
import { problemOf, runGolden, ToleranceError, type Checked } from "./self_check.ts";

/** Milliseconds in which a backend has to end. */
const DISPOSE_TIMEOUT = 10_000;

/** Above any preprocessed image; larger values may overflow in a backend that is right. */
const MAX_INPUT = 1000;

/** Calls of all models in this thread, and checks, that run or wait: a check waits until there are none. */
let busy = 0;

/** Milliseconds since 1970, by a clock that is never set back. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

export interface Answered {
  logits: Float32Array;
  /** When, in milliseconds since 1970. */
  time: number;
}

/**
 * Runs the chosen backend, one run at a time, and goes on checking it: each answer for length and finiteness, each new
 * batch size by the golden input before its first use, and by the golden input again from time to time. A backend that
 * fails, such as when the GPU device is lost, is replaced by the next candidate.
 */
export class FallbackBackend {
  onNews: (news: News) => void = () => {};
  readonly #queue = new Semaphore(1);
  #recheck = this.#newRecheck();
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
  /** Batch size of the last call. */
  #batch = 1;
  /** Number of answers since the last check that passed, and when that and the last answer were. */
  #count = 0;
  #since = now();
  #until = 0;
  #disposed = false;

  /** `inputs` gives those of a later backend; `forget` is called when a backend gave wrong logits. */
  constructor(chosen: Chosen, checked: Checked, inputs: () => BackendInputs, forget: () => void) {
    this.#chosen = chosen;
    this.#checked = checked;
    this.#inputs = inputs;
    this.#forget = forget;
    this.#sizes = this.#checkedSizes();
    this.#follow();
  }

  get report(): BackendReport {
    return this.#chosen.report;
  }

  /**
   * Logits [batch × classes] of `tensor`, after the runs before it. Raises BackendError when no candidate is left,
   * RangeError for values that overflow, or the signal's reason.
   */
  async run(tensor: Float32Array, batch: number, signal?: AbortSignal): Promise<Answered> {
    const answered = await this.inTurn(signal, () => this.#run(tensor, batch));
    if (!this.#disposed) this.#recheck.answered();
    return answered;
  }

  /** Runs `task` after the runs before it. Raises the signal's reason as soon as it aborts; what runs is not interrupted. */
  inTurn<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    return untilAborted(this.#inQueue(signal, task), signal);
  }

  async #inQueue<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    busy++;
    try {
      return await this.#queue.run(signal, task);
    } finally {
      busy--;
    }
  }

  /** After the runs before it; a backend that neither ends them nor itself is left to the browser. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    this.#recheck.stop();
    const disposed = this.#queue.run(undefined, () => this.#chosen.backend.dispose());
    await within(DISPOSE_TIMEOUT, disposed).catch(() => {});
  }

  async #run(tensor: Float32Array, batch: number): Promise<Answered> {
    for (;;) {
      try {
        if (this.#wrong) throw this.#wrong;
        if (!this.#sizes.has(batch)) await this.#check(batch, 0);
        const logits = await this.#answer(tensor, batch);
        this.#batch = batch;
        this.#count++;
        this.#until = now();
        return { logits, time: this.#until };
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
    this.#passed();
  }

  #passed(): void {
    this.#count = 0;
    this.#since = now();
  }

  #newRecheck(): Recheck {
    return new Recheck(
      () => busy === 0,
      () => this.#checkAgain(),
    );
  }

  /** One run, with as many images as the last call had, if the golden input has so many. */
  #checkAgain(): Promise<void> {
    return this.#inQueue(undefined, async () => {
      if (this.#disposed || this.#wrong) return;
      const size = Math.min(this.#batch, this.#checked.variant.golden.logits.length);
      await this.#check(size, ++this.#turn).catch((error: unknown) => this.#replaceIdle(error));
    });
  }

  /** Raised again by the next call where no backend is left. */
  async #replaceIdle(error: unknown): Promise<void> {
    if (error instanceof BackendError) await this.#replace(error).catch(() => {});
  }

  /** Replaces the chosen backend when its device is lost, rather than at the next call. */
  #follow(): void {
    const { backend } = this.#chosen;
    // The device may outlive this model.
    const self = new WeakRef(this);
    void backend.lost?.then(async (why) => {
      const alive = self.deref();
      if (alive) await alive.#replaceLost(backend, why);
    });
  }

  #replaceLost(backend: Backend, why: string): Promise<void> {
    return this.#inQueue(undefined, async () => {
      if (this.#disposed || this.#chosen.backend !== backend) return;
      await this.#replaceIdle(new BackendError(`${backend.description} lost its device: ${why}`));
    });
  }

  /** Raises `error`, with other reasons if there are, where no candidate is left. */
  async #replace(error: BackendError): Promise<void> {
    const { backend, report, others } = this.#chosen;
    const { name, threads } = report;
    const wrong = error instanceof ToleranceError;
    const failed: RejectedBackend = { name, threads, reason: `failed: ${error.message}` };
    if (wrong && error.maxAbsDiff !== undefined) failed.maxAbsDiff = error.maxAbsDiff;
    if (wrong && this.#wrong !== error) {
      this.#wrong = error;
      this.#forget();
      this.#doubt(error.message, failed);
    }
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

  /** Says which answers may be wrong too. */
  #doubt(message: string, backend: RejectedBackend): void {
    const [count, since, until] = [this.#count, this.#since, this.#until];
    const last = count ? ` Its last answers (${count}) may be wrong too.` : "";
    console.warn(`torch2web: ${message}${last}`);
    if (!count) return;
    const doubt = { model: this.#checked.info.name, backend, count, since, until };
    queueMicrotask(() => this.onNews({ doubt })); // an error of the page's callback changes nothing here
  }

  #change(chosen: Chosen): void {
    this.#chosen = chosen;
    this.#sizes = this.#checkedSizes();
    this.#passed();
    this.#follow();
    this.#recheck.stop();
    this.#recheck = this.#newRecheck();
    this.#recheck.request();
    this.onNews({ backend: chosen.report });
  }

  /** The batch sizes of the first self-check. */
  #checkedSizes(): Set<number> {
    return new Set([1, this.#checked.variant.golden.logits.length]);
  }
}
