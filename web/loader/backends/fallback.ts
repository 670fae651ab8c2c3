import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { Backend } from "./backend.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import type { Candidate } from "./candidate.ts";
import { chooseBackend, type Chosen } from "./choose.ts";

/** Runs the chosen backend; if it fails, such as when the GPU device is lost, falls back to the next candidate. */
export class FallbackBackend {
  /** Called after a fallback. */
  onChange: (report: BackendReport) => void = () => {};
  #chosen: Chosen;
  readonly #inputs: () => BackendInputs;

  /** `inputs` gives those of a later backend. */
  constructor(chosen: Chosen, inputs: () => BackendInputs) {
    this.#chosen = chosen;
    this.#inputs = inputs;
  }

  get report(): BackendReport {
    return this.#chosen.report;
  }

  /** Logits [batch × classes] of `tensor`. Raises BackendError when no candidate is left. */
  async run(tensor: Float32Array, batch: number): Promise<Float32Array> {
    for (;;) {
      const { backend, report, others } = this.#chosen;
      try {
        return await backend.run(tensor, batch);
      } catch (error) {
        if (!(error instanceof BackendError) || !others.length) throw error;
        await this.#replace(backend, report, others, error);
      }
    }
  }

  async dispose(): Promise<void> {
    await this.#chosen.backend.dispose();
  }

  async #replace(
    backend: Backend,
    { name, threads, rejected }: BackendReport,
    others: Candidate[],
    error: BackendError,
  ): Promise<void> {
    const chosen = await chooseBackend(others, this.#inputs());
    backend.dispose().catch(() => {});
    const failed = { name, threads, reason: `failed: ${error.message}` };
    const report = { ...chosen.report, rejected: [...rejected, failed, ...chosen.report.rejected] };
    this.#chosen = { ...chosen, report };
    this.onChange(report);
  }
}
