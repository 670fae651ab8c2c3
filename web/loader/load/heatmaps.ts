/** Class activation maps: a second backend with the same weights, loaded by the first call that asks for a map. */
import { BackendError } from "../api/errors.ts";
import type { ModelInfo } from "../api/manifest.ts";
import type { Heatmap } from "../api/model.ts";
import type { BackendInputs } from "../backends/backend_inputs.ts";
import { candidatesFor, type Requested } from "../backends/candidates.ts";
import { chooseBackend } from "../backends/choose.ts";
import { FallbackBackend } from "../backends/fallback.ts";

export class Heatmaps {
  readonly #inputs: () => BackendInputs;
  readonly #requested: Requested;
  #backend: Promise<FallbackBackend> | undefined;
  #disposed = false;

  /** `inputs` gives those of the model's own backend. */
  constructor(inputs: () => BackendInputs, requested: Requested) {
    this.#inputs = inputs;
    this.#requested = requested;
  }

  /**
   * The logits of each image, which are the means of its maps, and the maps of each class: [batch × classes × (1 + height ×
   * width)]. Raises BackendError.
   */
  async run(tensor: Float32Array, batch: number, signal?: AbortSignal): Promise<Float32Array> {
    this.#backend ??= this.#load();
    const backend = await this.#backend.catch((error: unknown) => {
      this.#backend = undefined; // the next call tries again
      throw error;
    });
    return backend.run(tensor, batch, signal);
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    await (await this.#backend?.catch(() => undefined))?.dispose();
  }

  async #load(): Promise<FallbackBackend> {
    const later = (): BackendInputs => {
      const inputs = this.#inputs();
      return { ...inputs, info: heatmapInfo(inputs.info) };
    };
    const inputs = later();
    const chosen = await chooseBackend(await candidatesFor(inputs, this.#requested), inputs);
    const backend = new FallbackBackend(chosen, inputs, later, () => {});
    if (this.#disposed) await backend.dispose();
    return backend;
  }
}

/** The model whose outputs are logits and maps. Raises BackendError for a network without. */
function heatmapInfo(info: ModelInfo): ModelInfo {
  const { heatmap, graph: _, plan: __, no_plan: ___, ...rest } = info;
  if (!heatmap) {
    throw new BackendError(
      `${info.name} has no heatmaps: they need a network that ends in global average pooling and one linear layer.`,
    );
  }
  const { height, width, graph, plan } = heatmap;
  const values = info.labels.length * (1 + height * width);
  return {
    ...rest,
    output: { ...info.output, shape: ["batch", values] },
    ...(graph && { graph }),
    ...(plan && { plan }),
  };
}

/** The map of the class `index` in the values of one image. */
export function heatmapOf(
  values: Float32Array,
  { labels, heatmap }: Pick<ModelInfo, "labels" | "heatmap">,
  index: number,
): Heatmap {
  const { height, width } = heatmap!;
  const start = labels.length + index * height * width;
  const map = values.slice(start, start + height * width);
  return { label: labels[index]!, index, height, width, values: map };
}
