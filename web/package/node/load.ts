import { BackendError } from "../../loader/api/errors.ts";
import type { LoadOptions } from "../../loader/api/load_options.ts";

/** Options of a load in Node. Raises BackendError for backends that only browsers have. */
export function optionsForNode<T extends LoadOptions>(options: T): T {
  const { backends = ["compiled"] } = options;
  const others = backends.filter((name) => name !== "compiled");
  if (others.length) {
    const named = others.map((name) => `"${name}"`).join(", ");
    throw new BackendError(
      `Node runs the backend "compiled" alone, found ${named}; leave the option out.`,
    );
  }
  // Node has neither the Cache API nor workers that start from a URL.
  return { ...options, backends, worker: false, cache: false };
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
