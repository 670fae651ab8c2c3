import { BackendError } from "../../loader/api/errors.ts";
import type { LoadOptions } from "../../loader/api/load_options.ts";

/** The engine's own limit. */
const MAX_THREADS = 64;

/** Options of a load in Node. Raises BackendError for backends that only browsers have, and RangeError for `threads`. */
export function optionsForNode<T extends LoadOptions>(options: T): T {
  const { backends = ["compiled"] } = options;
  const others = backends.filter((name) => name !== "compiled");
  if (others.length) {
    const named = others.map((name) => `"${name}"`).join(", ");
    throw new BackendError(
      `Node runs the backend "compiled" alone, found ${named}; leave the option out.`,
    );
  }
  const { threads = 1 } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > MAX_THREADS) {
    throw new RangeError(
      `threads: found ${threads}, expected a whole number from 1 to ${MAX_THREADS}.`,
    );
  }
  // Node has no Cache API, and no trial: a server has other work for its cores.
  return { ...options, backends, threads, worker: false, cache: false };
}

/** `load`, with what to do in Node where the model has no plan. */
export async function onNode<T>(load: Promise<T>): Promise<T> {
  try {
    return await load;
  } catch (error) {
    if (!(error instanceof BackendError) || !error.message.startsWith("No allowed backend")) {
      throw error;
    }
    const advice =
      "In Node the compiled engine is the only backend: run the .onnx file of this model with onnxruntime-node.";
    throw new BackendError(`${error.message} ${advice}`, { cause: error });
  }
}
