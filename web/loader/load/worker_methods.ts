/** The methods that the page calls in its worker, where its models are. */
import type { Portable } from "../images/transferable.ts";
import type { Methods } from "../worker/protocol.ts";
import { predictTogether } from "./ensemble_predict.ts";
import { loadInline, type InlineModel } from "./inline_model.ts";

const models = new Map<number, InlineModel>();
let loads = 0;

export const WORKER_METHODS: Methods = {
  async load({ name, options, beginning }, { signal, onProgress, onBackendChange }) {
    const model = await loadInline(name, { ...options, signal, onProgress }, "", beginning);
    const number = ++loads;
    models.set(number, model);
    model.onBackendChange((report) => onBackendChange(number, report));
    const { info, variant, backend } = model;
    return { model: number, info, variant, backend };
  },
  predict: ({ model, sources }, { signal }) =>
    closing(sources, () => models.get(model)!.predictBatch(sources, { signal })),
  preprocess: ({ model, source }, { signal }) =>
    closing([source], () => models.get(model)!.preprocess(source, { signal })),
  run: async ({ model, tensor }, { signal }) => ({
    logits: await models.get(model)!.run(tensor, { signal }),
    tensor,
  }),
  together({ models: numbers, weights, source }, { signal }) {
    const together = numbers.map((number) => models.get(number)!);
    return closing([source], () => predictTogether(together, weights, source, { signal }));
  },
  async dispose({ model }) {
    const own = models.get(model);
    models.delete(model);
    await own?.dispose();
    return undefined;
  },
};

/** Closes the bitmaps and frames of `sources`, copies of the page's, when `task` has read them. */
async function closing<T>(sources: readonly Portable[], task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } finally {
    for (const source of sources) {
      const held = "shown" in source ? source.shown : source;
      if (held && "close" in held) held.close();
    }
  }
}
