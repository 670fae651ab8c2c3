/** The worker's end of the connection: runs the methods that the page calls. */
import { lockManager } from "../fetch/concurrency/locks.ts";
import { pinManifest } from "../fetch/manifest/pin.ts";
import { setOwnScript } from "../fetch/chunks/own_script.ts";
import { pack } from "./packed_error.ts";
import {
  WORKER_NAME,
  type Call,
  type Context,
  type Greeting,
  type Methods,
  type Ran,
  type Reply,
  type Request,
} from "./protocol.ts";

interface Scope {
  name: string;
  onmessage: ((event: MessageEvent<Greeting | Request>) => void) | null;
  postMessage(message: Reply, transfer?: Transferable[]): void;
}

const running = new Map<number, AbortController>();

/** Answers the page with `methods`, if this script runs as the worker that the loader started. */
export function serveAsWorker(methods: Methods): void {
  if ("document" in globalThis || !("WorkerGlobalScope" in globalThis)) return;
  const scope = globalThis as unknown as Scope;
  if (scope.name !== WORKER_NAME) return;
  scope.onmessage = ({ data }) => {
    if ("lock" in data) void greet(scope, data);
    else if ("abort" in data) running.get(data.abort)?.abort();
    else if ("shown" in data) dispatchEvent(new Event("visibilitychange"));
    else void answer(scope, methods, data);
  };
}

async function greet(scope: Scope, { lock, pin, script }: Greeting): Promise<void> {
  if (pin !== undefined) pinManifest(pin);
  setOwnScript(script);
  scope.postMessage({ ready: true, problem: missingFeature(), locked: await holds(lock) });
}

/** Milliseconds in which the browser has to grant a lock. */
const LOCK_TIMEOUT = 3000;

/** Whether this worker holds `lock`, which it does as long as it lives. */
function holds(lock: string): Promise<boolean> {
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve(true);
      return new Promise(() => {});
    };
    setTimeout(() => resolve(false), LOCK_TIMEOUT);
    const request = lockManager()?.request(lock, hold);
    if (request) request.catch(() => resolve(false));
    else resolve(false);
  });
}

/** Why images cannot be decoded in this worker; empty where they can. */
function missingFeature(): string {
  return typeof OffscreenCanvas !== "undefined" && new OffscreenCanvas(1, 1).getContext("2d")
    ? ""
    : "workers here cannot read images";
}

async function answer(scope: Scope, methods: Methods, { id, method, args }: Call): Promise<void> {
  const abort = new AbortController();
  running.set(id, abort);
  const context: Context = {
    signal: abort.signal,
    onProgress: (progress) => scope.postMessage({ id, progress }),
    tell: (model, news) => scope.postMessage({ model, news }),
  };
  try {
    const call = methods[method] as (args: unknown, context: Context) => Promise<unknown>;
    const result = await call(args, context);
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    scope.postMessage({ id, error: pack(error) });
  } finally {
    running.delete(id);
  }
}

/** Buffers of a result that are transferred rather than copied. */
function buffersOf(result: unknown): Transferable[] {
  if (result instanceof Float32Array) return [result.buffer];
  return isRan(result) ? [result.logits.buffer, result.tensor.buffer] : [];
}

function isRan(result: unknown): result is Ran {
  return result instanceof Object && "tensor" in result;
}
