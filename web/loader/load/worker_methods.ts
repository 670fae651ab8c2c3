/** The methods that the page calls in its worker, where its models are. */
import type { TransferableImage } from "../images/transferable.ts";
import type { Methods } from "../worker/protocol.ts";
import { importTasks } from "../tasks/answer.ts";
import type { InlineModel } from "./inline_model.ts";
import { loadInline } from "./load_inline.ts";

const models = new Map<number, InlineModel>();
let loads = 0;

export const WORKER_METHODS: Methods = {
  load: async ({ name, options, prefetched }, { signal, onProgress, tell }) => {
    const model = await loadInline(name, { ...options, signal, onProgress }, "", prefetched);
    const number = ++loads;
    models.set(number, model);
    model.onNews = (news) => tell(number, news);
    const { info, variant, backend } = model;
    return { model: number, info, variant, backend };
  },
  predict: ({ model, sources, options }, { signal }) =>
    closing(sources, () => models.get(model)!.answers(sources, { ...options, signal })),
  preprocess: ({ model, source, orientation }, { signal }) =>
    closing([source], () => models.get(model)!.preprocess(source, { signal, orientation })),
  run: async ({ model, tensor }, { signal }) => ({
    logits: await models.get(model)!.run(tensor, { signal }),
    tensor,
  }),
  ensemblePredict: ({ models: numbers, weights, source, options }, { signal }) => {
    const ensemble = numbers.map((number) => models.get(number)!);
    return closing([source], async () => {
      const { ensemblePredict } = await importTasks();
      return ensemblePredict(ensemble, weights, source, { ...options, signal });
    });
  },
  dispose: async ({ model }) => {
    const own = models.get(model);
    models.delete(model);
    await own?.dispose();
    return undefined;
  },
};

/** Runs `task`, then closes the bitmaps and frames of `sources`, which are copies of the page's. */
async function closing<T>(
  sources: readonly TransferableImage[],
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } finally {
    for (const source of sources) {
      const held = "shown" in source ? source.shown : source;
      if (held && "close" in held) held.close();
    }
  }
}
