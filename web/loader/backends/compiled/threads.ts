/** Further threads of the compiled engine: the loader once more, as workers that only compute. */
import { BackendError } from "../../api/errors.ts";
import { checkOwnScript } from "../../fetch/self_integrity.ts";
import { runThread, type ThreadStart } from "./engine.ts";

/** By this name the loader knows that it was started as a further thread. */
const THREAD_NAME = "torch2web thread";

/** Milliseconds in which a thread has to start. */
const THREAD_START = 10_000;

/** Raises BackendError where threads do not start on this page at all: whoever waited for one would wait for ever. */
export async function requireThreads(): Promise<void> {
  const [worker] = await startThreads([undefined]);
  worker?.terminate();
}

/** One worker for each of `starts`; without anything to do for an undefined one. */
export async function startThreads(starts: (ThreadStart | undefined)[]): Promise<Worker[]> {
  if (!starts.length) return [];
  const url = await checkOwnScript().catch((error: unknown) => {
    // By now the site may be another version, which is no reason not to compute on one thread.
    throw new BackendError(`Further threads cannot be started: ${String(error)}`, { cause: error });
  });
  const workers: Worker[] = [];
  try {
    await Promise.all(
      starts.map((start) => {
        const worker = new Worker(url, { type: "module", name: THREAD_NAME });
        workers.push(worker);
        return started(worker, start);
      }),
    );
    return workers;
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  }
}

function started(worker: Worker, start: ThreadStart | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new BackendError(`A further thread did not start: ${why}.`));
    const timer = setTimeout(() => fail(`nothing for ${THREAD_START / 1000} s`), THREAD_START);
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      fail(event.message || "its script was not loaded");
    };
    try {
      worker.postMessage(start);
    } catch (error) {
      // WebKitGTK 2.50 hands no shared memory on to the worker of a worker.
      clearTimeout(timer);
      fail(String(error));
    }
  });
}

/** Runs as a further thread, if the loader was started as one. */
export function serveAsThread(): void {
  const scope = globalThis as unknown as DedicatedWorker;
  if ("document" in globalThis || scope.name !== THREAD_NAME) return;
  scope.onmessage = ({ data }) => {
    // Before the first wait, from which it does not come back.
    scope.postMessage("started");
    if (data) void runThread(data);
  };
}

interface DedicatedWorker {
  name: string;
  onmessage: ((event: MessageEvent<ThreadStart | undefined>) => void) | null;
  postMessage(message: string): void;
}
