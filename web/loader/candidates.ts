/** The ways in which a model may be run here, the preferred one first. */
import { adapter } from "./adapter.ts";
import type { Backend, BackendName } from "./backend.ts";
import {
  createOnnxRuntimeBackend,
  loadRuntime,
  type ModelBytes,
  type RuntimeKind,
} from "./backends/onnxruntime.ts";
import type { Candidate } from "./choose.ts";
import { BackendError } from "./errors.ts";
import type { Ingredients } from "./ingredients.ts";
import type { Manifest, RuntimeFiles } from "./manifest.ts";

export interface Wishes {
  backends: readonly BackendName[] | undefined;
  threads: number | undefined;
}

export const BACKENDS: readonly BackendName[] = ["webgpu", "wasm"];

/** A first run on a graphics adapter translates its programs, on some for many seconds. */
const PATIENCE = 60_000;

/** Threads that more are not tried than. */
const MOST_THREADS = 4;

/** Bytes of stored weights above which a model is not loaded twice to see whether threads help. */
const LARGE = 32 * 2 ** 20;

/** Raises BackendError where `wishes` name none that there is. */
export async function candidatesFor(given: Ingredients, wishes: Wishes): Promise<Candidate[]> {
  const { backends = BACKENDS } = wishes;
  const unknown = backends.filter((name) => !BACKENDS.includes(name));
  if (unknown.length || !backends.length) {
    const found = unknown.join(", ") || "none";
    const there = BACKENDS.map((name) => `"${name}"`).join(" and ");
    throw new BackendError(`No such backend here: ${found}; there are ${there}.`);
  }
  const candidates: Candidate[] = [];
  for (const name of backends) {
    if (name === "wasm") candidates.push(...onWasm(given, wishes.threads));
    if (name === "webgpu") candidates.push(...(await onWebGPU(given, wishes)));
  }
  if (candidates.length) return candidates;
  throw new BackendError(
    `This device has no graphics adapter for WebGPU, which the page wants to run ${given.info.name} on.`,
  );
}

/** On the processor: on several threads if those are faster, else on one. */
function onWasm(given: Ingredients, wanted: number | undefined): Candidate[] {
  const isolated = globalThis.crossOriginIsolated;
  const single = {
    ...candidate(given.manifest, { provider: "wasm", threads: 1 }),
    reason: isolated
      ? "the reference backend, on one thread"
      : "the reference backend; without cross-origin isolation there are no threads",
  };
  if (!isolated || wanted === 1) return [single];
  if (wanted !== undefined) {
    const own = candidate(given.manifest, { provider: "wasm", threads: wanted });
    return [
      { ...own, reason: `the reference backend, on ${wanted} threads as the page wants` },
      single,
    ];
  }
  const threads = Math.min(globalThis.navigator.hardwareConcurrency || 1, MOST_THREADS);
  if (threads < 2 || given.variant.weights.size > LARGE) return [single];
  const several = candidate(given.manifest, { provider: "wasm", threads });
  const reason = `the reference backend; ${threads} threads are faster than one here`;
  return [{ ...several, reason, onlyIfFaster: true }, single];
}

/** On the graphics adapter, if there is one. */
async function onWebGPU(given: Ingredients, { backends }: Wishes): Promise<Candidate[]> {
  const files = given.manifest.runtime.webgpu;
  const { name, software } = await adapter();
  // One in software is slower for certain: it is not worth a download, unless the page asks for it.
  if (!files || !name || (software && !backends)) return [];
  const own = candidate(given.manifest, { provider: "webgpu", threads: 1 }, files);
  const others = backends ?? BACKENDS;
  const reason = `WebGPU on ${name}, which gives the right numbers`;
  const competes = !backends && others.includes("wasm");
  return [
    { ...own, reason: competes ? `${reason} and is faster` : reason, onlyIfFaster: competes },
  ];
}

function candidate(
  manifest: Manifest,
  kind: RuntimeKind,
  files: RuntimeFiles = manifest.runtime.files,
): Candidate {
  return {
    name: kind.provider,
    threads: kind.threads,
    reason: "",
    onlyIfFaster: false,
    // One thread of WebAssembly always ends, however slow the device and its network.
    patience: kind.provider === "wasm" && kind.threads === 1 ? Infinity : PATIENCE,
    create: (given) => create(given, kind, files),
  };
}

async function create(
  given: Ingredients,
  kind: RuntimeKind,
  files: RuntimeFiles,
): Promise<Backend> {
  const { base, manifest, info, signal } = given;
  const [ort, bytes] = await Promise.all([
    loadRuntime(base, files, kind, given.deliveryUntil, signal),
    modelBytes(given),
  ]);
  return createOnnxRuntimeBackend(ort, kind, manifest.runtime.version, info, bytes);
}

/** The parts are let go as they are used, so that a second candidate has them fetched again, from this device. */
async function modelBytes({ delivery, info, variant }: Ingredients): Promise<ModelBytes> {
  const [graph, weights] = await Promise.all([
    delivery.fetchWhole(info.graph, `${info.name}/graph`),
    delivery.fetch(variant.weights, `${info.name}/${variant.name}`),
  ]);
  return { graph, weights };
}
