/** In place of `loader/fetch/chunks/own_worker.ts` in Node: threads of the engine, which are workers of Node. */
import type * as Replaced from "../../loader/fetch/chunks/own_worker.ts";
import { builtin } from "./builtin.ts";

/**
 * What a thread does, as `runThread` and `serveAsThread` of the loader. Text, not those functions: bundlers for servers
 * rewrite functions, and lose files that only a worker loads.
 */
const SCRIPT = `
const { parentPort } = require("node:worker_threads");
parentPort.once("message", async (start) => {
  parentPort.postMessage("started");
  if (!start) return;
  const { module, memory, stack, thread, threads } = start;
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  exports.__stack_pointer.value = stack;
  while (exports.engine_run(thread, threads) === 0);
});
`;

export const prepareOwnWorkers: typeof Replaced.prepareOwnWorkers = async () => async (name) => ({
  worker: asOfBrowsers(name),
  problem: "it ended before it had started",
});

/** The part of a browser's Worker that `startThreads` uses. */
function asOfBrowsers(name: string): Worker {
  const { Worker: NodeWorker } = builtin("node:worker_threads");
  const thread = new NodeWorker(SCRIPT, { eval: true, name });
  const worker = {
    onmessage: null as (() => void) | null,
    onerror: null as ((event: ErrorEvent) => void) | null,
    postMessage: (message: unknown) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  };
  thread.on("message", () => {
    // From now on it only waits for work, and does not keep the process alive.
    thread.unref();
    worker.onmessage?.();
  });
  thread.on("error", (error: Error) => {
    const event = { message: error.message, preventDefault: () => undefined };
    worker.onerror?.(event as unknown as ErrorEvent);
  });
  return worker as unknown as Worker;
}
