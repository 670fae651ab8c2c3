/** The page's connection to its worker: one for all models, open as long as a model uses it. */
import { BackendError } from "../api/errors.ts";
import type { LoadOptions } from "../api/load_options.ts";
import type { Progress } from "../api/progress.ts";
import type { News } from "../backends/news.ts";
import { lockManager } from "../fetch/concurrency/locks.ts";
import { stubPin } from "../fetch/manifest/pin.ts";
import { ownScript, setOwnScript } from "../fetch/chunks/own_script.ts";
import { prepareOwnWorkers, type OwnWorker } from "../fetch/chunks/own_worker.ts";
import { pageURL } from "../fetch/site_url.ts";
import { within } from "../fetch/concurrency/time_limit.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { unpack } from "./packed_error.ts";
import {
  WORKER_NAME,
  type Calls,
  type Greeting,
  type Method,
  type Reply,
  type Request,
} from "./protocol.ts";

/** Milliseconds in which the worker has to start. */
const START_TIMEOUT = 20_000;

interface Greeted {
  problem: string;
  locked: boolean;
}

/** Why no worker can be used. */
export interface NoWorker {
  problem: string;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  transfer?: Transferable[];
  onProgress?: ((progress: Progress) => void) | undefined;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((progress: Progress) => void) | undefined;
}

let current: Promise<Connection | NoWorker> | undefined;
let calls = 0;

export class Connection {
  /** Called by model. */
  readonly onNews = new Map<number, (news: News) => void>();
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #watching = new AbortController();
  #users = 0;
  #ended = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
  }

  /** The connection to this page's worker; each user has to call `close`. Raises the signal's reason. */
  static async open(
    signal: AbortSignal | undefined,
    shim?: LoadOptions["worker"],
  ): Promise<Connection | NoWorker> {
    signal?.throwIfAborted();
    current ??= start(shim);
    const opening = current;
    const connection = signal ? await abandonable(opening, signal) : await opening;
    if (!(connection instanceof Connection)) {
      if (current === opening) current = undefined; // the next model tries again
      return connection;
    }
    if (connection.#ended) return Connection.open(signal, shim);
    connection.#users++;
    return connection;
  }

  /** Ends the worker if nobody uses it. */
  release(): void {
    if (!this.#users) this.#end(workerEnded());
  }

  /** Greets a new worker and awaits its answer. */
  static async greet({ worker, problem: unloaded }: OwnWorker): Promise<Connection | NoWorker> {
    const lock = `${WORKER_NAME} ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const fails = (problem: string): Greeted => ({ problem, locked: false });
    const greeted = new Promise<Greeted>((resolve) => {
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(fails(event.message || unloaded));
      };
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if ("ready" in data) resolve(data);
      };
      worker.postMessage({ lock, pin: stubPin(), script: ownScript() } satisfies Greeting);
    });
    const { problem, locked } = await within(START_TIMEOUT, greeted).catch(() =>
      fails(`it did not answer for ${START_TIMEOUT / 1000} s`),
    );
    if (problem) {
      worker.terminate();
      return { problem: `no worker could be used: ${problem}` };
    }
    const connection = new Connection(worker);
    connection.#watch(locked ? lock : undefined);
    return connection;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Calls `method` in the worker. Raises its error, the signal's reason, or BackendError if the worker ends. */
  call<M extends Method>(
    method: M,
    args: Calls[M]["args"],
    { signal, transfer = [], onProgress }: CallOptions = {},
  ): Promise<Calls[M]["result"]> {
    const id = ++calls;
    let abort = (): void => {};
    const answer = new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#ended) throw workerEnded();
      this.#worker.postMessage({ id, method, args }, transfer);
      this.#pending.set(id, { resolve, reject, onProgress });
      abort = () => {
        if (!this.#pending.delete(id)) return;
        this.#worker.postMessage({ abort: id } satisfies Request);
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
    // Removed, as a signal may outlive thousands of calls.
    return answer.finally(() => signal?.removeEventListener("abort", abort)) as Promise<
      Calls[M]["result"]
    >;
  }

  /** Ends the worker after its last user, which frees all of its memory. */
  close(): void {
    this.#users--;
    this.release();
  }

  #receive(reply: Reply): void {
    if ("ready" in reply) return;
    if ("news" in reply) {
      this.onNews.get(reply.model)?.(reply.news);
      return;
    }
    const pending = this.#pending.get(reply.id);
    if (!pending) return; // aborted
    if ("progress" in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ("error" in reply) pending.reject(unpack(reply.error));
    else pending.resolve(reply.result);
  }

  /** Detects the end of the worker, for which there is no event: its lock becomes free. */
  #watch(lock: string | undefined): void {
    const { signal } = this.#watching;
    // The worker has no such event. Absent in a worker of the page's own.
    (globalThis as Partial<typeof globalThis>).document?.addEventListener(
      "visibilitychange",
      () => document.hidden || this.#worker.postMessage({ shown: true } satisfies Request),
      { signal },
    );
    const locks = lock === undefined ? undefined : lockManager();
    locks?.request(lock!, { signal }, () => this.#end(workerEnded())).catch(() => {});
    this.#worker.onerror = (event) => {
      // A worker that still holds its lock is alive; the failed call raises its own error.
      event.preventDefault();
      if (!locks) this.#end(workerEnded());
    };
  }

  #end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    current = undefined;
    this.#watching.abort();
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }
}

async function start(shim: LoadOptions["worker"]): Promise<Connection | NoWorker> {
  if (typeof Worker === "undefined") return { problem: "no workers here" };
  try {
    if (shim instanceof URL || typeof shim === "string") {
      setOwnScript({ ...ownScript(), shim: pageURL(shim).href });
    }
    const startOwn = await prepareOwnWorkers();
    return await Connection.greet(await startOwn(WORKER_NAME));
  } catch (error) {
    return { problem: `no worker could be used: ${String(error)}` };
  }
}

/** `opening`, or the signal's reason as soon as it aborts. A worker that nobody uses then ends. */
function abandonable(
  opening: Promise<Connection | NoWorker>,
  signal: AbortSignal,
): Promise<Connection | NoWorker> {
  return untilAborted(opening, signal).catch((error: unknown) => {
    void opening.then((opened) => opened instanceof Connection && opened.release());
    throw error;
  });
}

function workerEnded(): BackendError {
  return new BackendError(
    "The worker ended during the call, perhaps because this device ran out of memory. The next call starts it again.",
  );
}
