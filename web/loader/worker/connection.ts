/** The worker of this page, seen from the page: one for all models, started with the first and ended with the last. */
import type { BackendReport } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { Progress } from "../api/progress.ts";
import { manifestPin } from "../fetch/manifest/pin.ts";
import { checkOwnScript } from "../fetch/self_integrity.ts";
import { unpack } from "./packed_error.ts";
import {
  WORKER_NAME,
  type Calls,
  type Greeting,
  type Method,
  type Reply,
  type Request,
} from "./protocol.ts";

/** Milliseconds that a worker has to say that it runs. */
const START = 20_000;

/** Why there is no worker. */
export interface NoWorker {
  problem: string;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((progress: Progress) => void) | undefined;
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
  transfer?: Transferable[];
  onProgress?: ((progress: Progress) => void) | undefined;
}

let current: Promise<Connection | NoWorker> | undefined;
let calls = 0;

export class Connection {
  /** By model: told of another backend in the place of the one before. */
  readonly onBackend = new Map<number, (report: BackendReport) => void>();
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #watching = new AbortController();
  #users = 0;
  #ended = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
  }

  /** The page's worker, with a user more, who calls `leave` in the end. Raises the signal's reason. */
  static async open(signal: AbortSignal | undefined): Promise<Connection | NoWorker> {
    signal?.throwIfAborted();
    current ??= start();
    const opening = current;
    const connection = await opening;
    if (!(connection instanceof Connection)) {
      if (current === opening) current = undefined; // the next model tries again
      return connection;
    }
    if (connection.#ended) return Connection.open(signal);
    connection.#users++;
    return connection;
  }

  /** Starts it, and waits until it answers. */
  static async greet(worker: Worker): Promise<Connection | NoWorker> {
    const lock = `${WORKER_NAME} ${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
    const problem = await new Promise<string>((resolve) => {
      worker.onerror = (event) => {
        event.preventDefault();
        resolve(event.message || "its script was not loaded, or the page's policy forbids it");
      };
      worker.onmessage = ({ data }: MessageEvent<Reply>) => {
        if ("ready" in data) resolve(data.problem);
      };
      setTimeout(() => resolve(`it said nothing for ${START / 1000} s`), START);
      worker.postMessage({ lock, pin: manifestPin() } satisfies Greeting);
    });
    if (problem) {
      worker.terminate();
      return { problem: `no worker could be used: ${problem}` };
    }
    const connection = new Connection(worker);
    connection.#watch(lock);
    return connection;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Runs `method` in the worker. Raises what it raises there, the signal's reason, or BackendError if it dies. */
  call<M extends Method>(
    method: M,
    args: Calls[M]["takes"],
    { signal, transfer = [], onProgress }: CallOptions = {},
  ): Promise<Calls[M]["gives"]> {
    const id = ++calls;
    let stop = (): void => {};
    const answer = new Promise<unknown>((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#ended) throw died();
      this.#worker.postMessage({ id, method, args } as Request, transfer);
      this.#pending.set(id, { resolve, reject, onProgress });
      stop = () => {
        if (!this.#pending.delete(id)) return;
        this.#worker.postMessage({ abort: id } satisfies Request);
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    });
    // A signal may live for as long as the page, and thousands of calls.
    return answer.finally(() => signal?.removeEventListener("abort", stop)) as Promise<
      Calls[M]["gives"]
    >;
  }

  /** One user less. Without any the worker ends, and gives all of its memory back. */
  leave(): void {
    if (--this.#users === 0) this.#end(died());
  }

  #receive(reply: Reply): void {
    if ("ready" in reply) return;
    if ("backend" in reply) {
      this.onBackend.get(reply.model)?.(reply.backend);
      return;
    }
    const pending = this.#pending.get(reply.id);
    if (!pending) return; // given up meanwhile
    if ("progress" in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ("error" in reply) pending.reject(unpack(reply.error));
    else pending.resolve(reply.result);
  }

  /** Notices the worker's end, of which browsers say nothing: its lock is free then. */
  #watch(lock: string): void {
    const { signal } = this.#watching;
    const locks = globalThis.navigator.locks as LockManager | undefined;
    if (locks) locks.request(lock, { signal }, () => this.#end(died())).catch(() => {});
    this.#worker.onerror = (event) => {
      // One that still has its lock lives on; what went wrong in it was some call's, which says so by itself.
      event.preventDefault();
      if (!locks) this.#end(died());
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

async function start(): Promise<Connection | NoWorker> {
  if (typeof Worker === "undefined") return { problem: "this browser has no workers" };
  try {
    const url = await checkOwnScript();
    return await Connection.greet(new Worker(url, { type: "module", name: WORKER_NAME }));
  } catch (error) {
    return { problem: `no worker could be used: ${String(error)}` };
  }
}

function died(): BackendError {
  return new BackendError(
    "The worker ended while it was needed, perhaps because this device ran out of memory. The next call starts it again.",
  );
}
