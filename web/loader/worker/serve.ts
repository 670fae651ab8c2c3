/** The worker's side: does what the page asks for with models that live here. */
import { loadInline, type InlineModel } from "../load/inline_model.ts";
import { pinManifest } from "../fetch/manifest/pin.ts";
import type { Portable } from "../images/transferable.ts";
import { predictTogether } from "../load/ensemble_predict.ts";
import { pack } from "./packed_error.ts";
import {
  WORKER_NAME,
  type Calls,
  type Greeting,
  type Method,
  type Ran,
  type Reply,
  type Request,
} from "./protocol.ts";

interface Scope {
  name: string;
  onmessage: ((event: MessageEvent<Greeting | Request>) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}

const models = new Map<number, InlineModel>();
const running = new Map<number, AbortController>();
let loads = 0;

/** Answers a page, if this is the worker that it started. */
export function serveAsWorker(): void {
  if ("document" in globalThis || !("WorkerGlobalScope" in globalThis)) return;
  const scope = globalThis as unknown as Scope;
  if (scope.name !== WORKER_NAME) return;
  scope.onmessage = ({ data }) => {
    if ("lock" in data) void greet(scope, data);
    else if ("abort" in data) running.get(data.abort)?.abort();
    else void answer(scope, data);
  };
}

async function greet(scope: Scope, { lock, pin }: Greeting): Promise<void> {
  pinManifest(pin);
  const locks = globalThis.navigator.locks as LockManager | undefined;
  await new Promise<void>((held) => {
    if (!locks) held();
    else
      locks
        .request(lock, () => {
          held();
          return new Promise(() => {}); // for as long as this worker lives
        })
        .catch(() => held());
  });
  scope.postMessage({ ready: true, problem: lacking() });
}

/** What pictures are decoded with and a worker may lack; empty where nothing is. */
function lacking(): string {
  return typeof OffscreenCanvas !== "undefined" && new OffscreenCanvas(1, 1).getContext("2d")
    ? ""
    : "this browser's workers cannot read pictures";
}

async function answer(scope: Scope, request: Exclude<Request, { abort: number }>): Promise<void> {
  const { id, method, args } = request;
  const abort = new AbortController();
  running.set(id, abort);
  try {
    const call = METHODS[method] as (args: unknown, context: Context) => Promise<unknown>;
    const result = await call(args, { id, scope, signal: abort.signal });
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    scope.postMessage({ id, error: pack(error) });
  } finally {
    running.delete(id);
  }
}

interface Context {
  id: number;
  scope: Scope;
  signal: AbortSignal;
}

const METHODS: {
  [M in Method]: (args: Calls[M]["takes"], context: Context) => Promise<Calls[M]["gives"]>;
} = {
  async load({ name, options, beginning }, { id, scope, signal }) {
    const onProgress: Parameters<typeof loadInline>[1]["onProgress"] = (progress) =>
      scope.postMessage({ id, progress });
    const model = await loadInline(name, { ...options, signal, onProgress }, "", beginning);
    const number = ++loads;
    models.set(number, model);
    model.onBackendChange((report) => scope.postMessage({ model: number, backend: report }));
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

/** Gives the memory of pictures back once they were read: copies of the page's live here until then. */
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

/** What can be handed over instead of copied. */
function buffersOf(result: unknown): Transferable[] {
  if (result instanceof Float32Array) return [result.buffer];
  return isRan(result) ? [result.logits.buffer, result.tensor.buffer] : [];
}

function isRan(result: unknown): result is Ran {
  return result instanceof Object && "tensor" in result;
}
