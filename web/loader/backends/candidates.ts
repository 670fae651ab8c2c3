/** The ways in which a model may be run here, the preferred one first. */
import type { BackendName } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import { adapter } from "./adapter.ts";
import type { Ingredients } from "./backend_inputs.ts";
import type { Candidate } from "./choose.ts";
import { createCompiledBackend, engineBuild, loadEngine } from "./compiled/compiled.ts";
import { requireThreads } from "./compiled/threads.ts";
import {
  createOnnxRuntimeBackend,
  loadRuntime,
  type RuntimeKind,
} from "./onnxruntime/onnxruntime.ts";
import { PartedBytes } from "./weights/parted_bytes.ts";

export interface Wishes {
  backends: readonly BackendName[] | undefined;
  threads: number | undefined;
}

/** The compiled engine is the quickest to arrive and to run; onnxruntime-web is the reference. */
const BACKENDS: readonly BackendName[] = ["compiled", "webgpu", "wasm"];

/** A first run on a graphics adapter translates its programs, on some for many seconds. */
const PATIENCE = 60_000;

/** Threads that more are not tried than. */
const MOST_THREADS = 4;

/** Bytes of stored weights above which a model is not held twice to see whether something is faster. */
const LARGE = 32 * 2 ** 20;

/** Raises BackendError where `wishes` name none that there is. */
export async function candidatesFor(given: Ingredients, wishes: Wishes): Promise<Candidate[]> {
  const { backends = BACKENDS, threads } = wishes;
  const unknown = backends.filter((name) => !BACKENDS.includes(name));
  if (unknown.length || !backends.length) {
    const found = unknown.join(", ") || "none";
    const there = BACKENDS.map((name) => `"${name}"`).join(", ");
    throw new BackendError(`No such backend: ${found}; there are ${there}.`);
  }
  const candidates: Candidate[] = [];
  for (const name of backends) {
    if (name === "compiled") candidates.push(...onEngine(given, threads));
    if (name === "wasm") candidates.push(...onWasm(given, threads));
    if (name === "webgpu") candidates.push(...(await onWebGPU(given, backends, wishes)));
  }
  if (candidates.length) return candidates;
  const why = {
    compiled: given.info.no_plan ?? WITHOUT,
    webgpu: hasWebGPU(given) ? "this device has no graphics adapter for it" : WITHOUT,
    wasm: WITHOUT,
  };
  const reasons = backends.map((name) => `${name}: ${why[name]}`).join("; ");
  throw new BackendError(
    `Nothing that the page allows can run ${given.info.name} here. ${reasons}.`,
  );
}

const WITHOUT = "this site was built without it";

function onEngine(given: Ingredients, wanted: number | undefined): Candidate[] {
  if (!given.manifest.engine || !given.info.plan) return [];
  const one = { ...compiled(1), reason: "the compiled engine, on one thread" };
  const threads = threadsFor(wanted);
  if (threads === 1) return [one];
  return [severalThreads(compiled(threads), "the compiled engine", wanted), one];
}

function onWasm(given: Ingredients, wanted: number | undefined): Candidate[] {
  if (!given.manifest.runtime || !given.info.graph) return [];
  const isolated = globalThis.crossOriginIsolated;
  const one = {
    ...onnxruntime({ provider: "wasm", threads: 1 }),
    reason: isolated
      ? "the reference backend, on one thread"
      : "the reference backend; without cross-origin isolation there are no threads",
  };
  const threads = threadsFor(wanted);
  // A second runtime is a second download where nothing is kept.
  const trial = given.variant.weights.size <= LARGE && !given.delivery.cache.problem;
  if (threads === 1 || (wanted === undefined && !trial)) return [one];
  const more = onnxruntime({ provider: "wasm", threads });
  return [severalThreads(more, "the reference backend", wanted), one];
}

/** Several threads, as the page wants or else if they are faster than one. */
function severalThreads(candidate: Candidate, what: string, wanted: number | undefined): Candidate {
  const { threads } = candidate;
  return wanted === undefined
    ? {
        ...candidate,
        reason: `${what}; ${threads} threads are faster than one here`,
        onlyIfFaster: true,
      }
    : { ...candidate, reason: `${what}, on ${threads} threads as the page wants` };
}

/** How many threads are worth a try. */
function threadsFor(wanted: number | undefined): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return wanted ?? Math.min(globalThis.navigator.hardwareConcurrency || 1, MOST_THREADS);
}

function hasWebGPU({ manifest, info }: Ingredients): boolean {
  return !!(manifest.runtime?.webgpu && info.graph);
}

/** On the graphics adapter, if there is one. */
async function onWebGPU(
  given: Ingredients,
  backends: readonly BackendName[],
  wishes: Wishes,
): Promise<Candidate[]> {
  if (!hasWebGPU(given)) return [];
  const { name, software } = await adapter();
  // One in software is slower for certain: it is not worth a download, unless the page asks for it.
  if (!name || (software && !wishes.backends)) return [];
  const competes = !wishes.backends && backends.includes("wasm");
  const reason = `WebGPU on ${name}, which gives the right numbers${competes ? " and is faster" : ""}`;
  return [{ ...onnxruntime({ provider: "webgpu", threads: 1 }), reason, onlyIfFaster: competes }];
}

function compiled(threads: number): Candidate {
  return {
    ...PLAIN,
    name: "compiled",
    threads,
    patience: threads === 1 ? Infinity : PATIENCE,
    async create(given) {
      const { base, info, manifest, delivery, deliveryUntil, signal } = given;
      const build = engineBuild(threads);
      const engine = manifest.engine!;
      const first = Promise.all([
        loadEngine(base, engine, build, deliveryUntil, signal),
        delivery.fetchWhole(info.plan!, `${info.name}/plan`),
      ]);
      const weights = weightsOf(given);
      const [module, plan] = await first;
      return createCompiledBackend(module, engine, info, { plan, weights }, threads);
    },
  };
}

function onnxruntime(kind: RuntimeKind): Candidate {
  return {
    ...PLAIN,
    name: kind.provider,
    threads: kind.threads,
    // One thread of WebAssembly always ends, however slow the device and its network.
    patience: kind.provider === "wasm" && kind.threads === 1 ? Infinity : PATIENCE,
    async create(given) {
      const { base, info, manifest, delivery, deliveryUntil, signal } = given;
      const { version, files: cpu, webgpu } = manifest.runtime!;
      const files = kind.provider === "webgpu" ? webgpu! : cpu;
      // onnxruntime-web would wait for them without an end, and nothing could interrupt it.
      if (kind.threads > 1) await requireThreads();
      const first = Promise.all([
        loadRuntime(base, files, kind, deliveryUntil, signal),
        delivery.fetchWhole(info.graph!, `${info.name}/graph`),
      ]);
      const weights = weightsOf(given);
      const [ort, graph] = await first;
      return createOnnxRuntimeBackend(ort, kind, version, info, { graph, weights });
    },
  };
}

const PLAIN = { reason: "", onlyIfFaster: false };

/** The parts are let go as they are used. Where another backend may need them again, the small ones are kept. */
function weightsOf(given: Ingredients): PartedBytes {
  const { delivery, info, variant } = given;
  const sizes = variant.weights.parts.map(({ size }) => size);
  const fetchAll = (): Promise<Uint8Array<ArrayBuffer>>[] =>
    delivery.fetch(variant.weights, `${info.name}/${variant.name}`);
  if (variant.weights.size > LARGE && !delivery.cache.problem) {
    return new PartedBytes(fetchAll(), sizes);
  }
  given.kept ??= fetchAll();
  return new PartedBytes(given.kept, sizes);
}
