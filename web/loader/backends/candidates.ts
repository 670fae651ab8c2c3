/** The backends that may be able to run a model here, in order of preference. */
import type { BackendName } from "../api/backend.ts";
import { BackendError } from "../api/errors.ts";
import type { RuntimeFiles, RuntimeInfo } from "../api/manifest.ts";
import { adapter } from "./adapter.ts";
import type { BackendInputs } from "./backend_inputs.ts";
import type { Candidate } from "./candidate.ts";
import {
  createCompiledBackend,
  ENGINE,
  loadEngine,
  requireInterface,
} from "./compiled/compiled.ts";
import { engineBuild } from "./compiled/engine_build.ts";
import { requireThreads } from "./compiled/threads.ts";
import {
  createOnnxRuntimeBackend,
  importWeights,
  loadRuntime,
  runtimeName,
  type RuntimeKind,
} from "./onnxruntime/onnxruntime.ts";
import { PartedBytes } from "./weights/parted_bytes.ts";

/** What the page requests, if anything. */
interface Requested {
  backends: readonly BackendName[] | undefined;
  threads: number | undefined;
}

/** The compiled engine downloads and runs fastest; onnxruntime-web is the reference. */
const BACKENDS: readonly BackendName[] = ["compiled", "webgpu", "wasm"];

/** Milliseconds to start and pass the self-check. The first run on WebGPU compiles shaders, on some devices for long. */
const TIMEOUT = 60_000;

/** Upper bound on the threads to try. */
const MAX_THREADS = 4;

/** Bytes of weights above which a model is not loaded twice for a trial. */
const LARGE = 32 * 2 ** 20;

const NOT_INCLUDED = "this site was built without it";

/** Raises BackendError where `requested` leaves none. */
export async function candidatesFor(
  inputs: BackendInputs,
  requested: Requested,
): Promise<Candidate[]> {
  const { backends = BACKENDS, threads } = requested;
  const unknown = backends.filter((name) => !BACKENDS.includes(name));
  if (unknown.length || !backends.length) {
    const found = unknown.join(", ") || "none";
    const available = BACKENDS.map((name) => `"${name}"`).join(", ");
    throw new BackendError(`No such backend: ${found}; there are ${available}.`);
  }
  const candidates: Candidate[] = [];
  for (const name of backends) {
    if (name === "compiled") candidates.push(...onEngine(inputs, threads));
    if (name === "wasm") candidates.push(...onWasm(inputs, threads));
    if (name === "webgpu") candidates.push(...(await onWebGPU(inputs, requested)));
  }
  if (candidates.length) return candidates;
  const why = {
    compiled: inputs.info.no_plan ?? NOT_INCLUDED,
    webgpu: hasWebGPU(inputs) ? "this device has no graphics adapter for it" : NOT_INCLUDED,
    wasm: NOT_INCLUDED,
  };
  const reasons = backends.map((name) => `${name}: ${why[name]}`).join("; ");
  throw new BackendError(`No allowed backend can run ${inputs.info.name} here. ${reasons}.`);
}

function onEngine({ manifest, info }: BackendInputs, requested: number | undefined): Candidate[] {
  if (!manifest.engine || !info.plan) return [];
  const one = { ...compiled(1), reason: "the compiled engine, on one thread" };
  const threads = threadsFor(requested);
  if (threads === 1) return [one];
  return [severalThreads(compiled(threads), "the compiled engine", requested), one];
}

function onWasm(inputs: BackendInputs, requested: number | undefined): Candidate[] {
  const { manifest, info, variant, delivery } = inputs;
  if (!manifest.runtime || !info.graph) return [];
  const one = {
    ...onnxruntime({ provider: "wasm", threads: 1 }),
    reason: globalThis.crossOriginIsolated
      ? "the reference backend, on one thread"
      : "the reference backend; without cross-origin isolation there are no threads",
  };
  const threads = threadsFor(requested);
  // Without a cache, a second instance of the runtime is a second download.
  const trial = variant.weights.size <= LARGE && !delivery.cache.problem;
  if (threads === 1 || (requested === undefined && !trial)) return [one];
  const more = onnxruntime({ provider: "wasm", threads });
  return [severalThreads(more, "the reference backend", requested), one];
}

/** Several threads: as requested, else only if they are faster than one. */
function severalThreads(
  candidate: Candidate,
  what: string,
  requested: number | undefined,
): Candidate {
  const { threads } = candidate;
  return requested === undefined
    ? {
        ...candidate,
        reason: `${what}; ${threads} threads are faster than one here`,
        onlyIfFaster: true,
      }
    : { ...candidate, reason: `${what}, on ${threads} threads as requested` };
}

/** The number of threads to try. */
function threadsFor(requested: number | undefined): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return requested ?? Math.min(globalThis.navigator.hardwareConcurrency || 1, MAX_THREADS);
}

function hasWebGPU({ manifest, info }: BackendInputs): boolean {
  return !!(manifest.runtime?.webgpu && info.graph);
}

async function onWebGPU(inputs: BackendInputs, { backends }: Requested): Promise<Candidate[]> {
  if (!hasWebGPU(inputs)) return [];
  const { name, software } = await adapter();
  // A software adapter is slower than WebAssembly: not worth the download, unless requested.
  if (!name || (software && !backends)) return [];
  const reason = `WebGPU on ${name}, which gives the right numbers${backends ? "" : " and is faster"}`;
  return [{ ...onnxruntime({ provider: "webgpu", threads: 1 }), reason, onlyIfFaster: !backends }];
}

function compiled(threads: number): Candidate {
  return {
    reason: "",
    onlyIfFaster: false,
    name: "compiled",
    threads,
    timeout: threads === 1 ? Infinity : TIMEOUT,
    files: ({ manifest, info, variant }) => [
      manifest.engine!.files[engineBuild(threads)],
      info.plan!,
      variant.weights,
    ],
    async create(inputs) {
      const { base, info, manifest, delivery, deliveryUntil, signal } = inputs;
      const build = engineBuild(threads);
      const engine = manifest.engine!;
      await requireInterface(manifest);
      const first = Promise.all([
        loadEngine(base, engine, build, deliveryUntil, signal),
        delivery.fetchWhole(info.plan!, `${info.name}/plan`),
      ]);
      const weights = fetchWeights(inputs);
      const [module, plan] = await first;
      delivery.arrived(engine.files[build], ENGINE);
      return createCompiledBackend(module, engine, info, { plan, weights }, threads);
    },
  };
}

function onnxruntime(kind: RuntimeKind): Candidate {
  return {
    reason: "",
    onlyIfFaster: false,
    name: kind.provider,
    threads: kind.threads,
    // One thread of WebAssembly finishes on every device, however slow.
    timeout: kind.provider === "wasm" && kind.threads === 1 ? Infinity : TIMEOUT,
    files: ({ manifest, info, variant }) => [
      filesOf(manifest.runtime!, kind).wasm,
      info.graph!,
      variant.weights,
    ],
    async create(inputs) {
      const { base, info, manifest, delivery, deliveryUntil, signal } = inputs;
      const { version } = manifest.runtime!;
      const files = filesOf(manifest.runtime!, kind);
      // onnxruntime-web would wait for its threads forever.
      if (kind.threads > 1) await requireThreads();
      const first = Promise.all([
        loadRuntime(base, files, kind, deliveryUntil, signal),
        delivery.fetchWhole(info.graph!, `${info.name}/graph`),
        importWeights(),
      ]);
      const weights = fetchWeights(inputs);
      const [ort, graph, weightsChunk] = await first;
      delivery.arrived(files.wasm, runtimeName(kind));
      return createOnnxRuntimeBackend(ort, kind, version, info, { graph, weights, weightsChunk });
    },
  };
}

function filesOf({ files, webgpu }: RuntimeInfo, { provider }: RuntimeKind): RuntimeFiles {
  return provider === "webgpu" ? webgpu! : files;
}

/** Fetches the weights; parts are freed as they are used. Unless they are large, they are kept for the next candidate. */
function fetchWeights(inputs: BackendInputs): PartedBytes {
  const { delivery, info, variant } = inputs;
  const file = variant.weights;
  const weights = inputs.weights ?? delivery.fetch(file, `${info.name}/${variant.name}`);
  if (file.size <= LARGE || delivery.cache.problem) inputs.weights = weights;
  return new PartedBytes(
    weights,
    file.parts.map(({ size, decoded }) => decoded ?? size),
  );
}
