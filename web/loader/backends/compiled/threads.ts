/** Threads of the compiled engine: workers that run this script too, and only compute. */
import { BackendError } from "../../api/errors.ts";
import { prepareOwnWorkers, type OwnWorker } from "../../fetch/chunks/own_worker.ts";
import { runThread, type ThreadStart } from "./engine.ts";

/** Name of the workers, by which this script knows that it runs as a thread. */
const THREAD_NAME = "torch2web thread";

/** Milliseconds in which a thread has to start. */
const START_TIMEOUT = 10_000;

/** Raises BackendError where this page cannot start threads. */
export async function requireThreads(): Promise<void> {
  const [worker] = await startThreads([undefined]);
  worker?.terminate();
}

/** Starts a worker for each of `starts`; for undefined, one that computes nothing. Raises BackendError. */
export async function startThreads(starts: (ThreadStart | undefined)[]): Promise<Worker[]> {
  if (!starts.length) return [];
  const threads: OwnWorker[] = [];
  try {
    const startOwn = await prepareOwnWorkers();
    while (threads.length < starts.length) threads.push(await startOwn(THREAD_NAME));
    await Promise.all(threads.map((thread, i) => started(thread, starts[i])));
    return threads.map(({ worker }) => worker);
  } catch (error) {
    for (const { worker } of threads) worker.terminate();
    if (error instanceof BackendError) throw error;
    // The site may have been updated; one thread still works.
    throw new BackendError(`Threads cannot be started: ${String(error)}`, { cause: error });
  }
}

function started({ worker, problem }: OwnWorker, start: ThreadStart | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new BackendError(`A thread did not start: ${why}.`));
    const timer = setTimeout(() => fail(`nothing for ${START_TIMEOUT / 1000} s`), START_TIMEOUT);
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      fail(event.message || problem);
    };
    try {
      worker.postMessage(start);
    } catch (error) {
      // WebKitGTK 2.50 cannot post shared memory to a nested worker.
      clearTimeout(timer);
      fail(String(error));
    }
  });
}

/** Computes as a thread, if this script runs as one. */
export function serveAsThread(): void {
  const scope = globalThis as unknown as DedicatedWorker;
  if ("document" in globalThis || scope.name !== THREAD_NAME) return;
  scope.onmessage = ({ data }) => {
    // Before the engine runs, which never returns to the event loop.
    scope.postMessage("started");
    if (data) void runThread(data);
  };
}

interface DedicatedWorker {
  name: string;
  onmessage: ((event: MessageEvent<ThreadStart | undefined>) => void) | null;
  postMessage(message: string): void;
}
