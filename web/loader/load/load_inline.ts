import type { AnyLoadOptions } from "../api/load_options.ts";
import type { ModelInfo } from "../api/manifest.ts";
import { adapter } from "../backends/adapter.ts";
import { BackendCache } from "../backends/backend_cache.ts";
import type { BackendInputs } from "../backends/backend_inputs.ts";
import { candidatesFor } from "../backends/candidates.ts";
import { chooseBackend } from "../backends/choose.ts";
import { FallbackBackend } from "../backends/fallback.ts";
import { Delivery } from "../fetch/delivery.ts";
import { LinkedController } from "../fetch/concurrency/linked_controller.ts";
import { prefetch, type Prefetched } from "../fetch/manifest/prefetch.ts";
import { withEntry } from "../fetch/manifest/entry.ts";
import { hasVersion } from "../fetch/manifest/pin.ts";
import { findModel, findVariant, readManifest } from "../fetch/manifest/read.ts";
import { advised } from "../fetch/manifest/versions.ts";
import { subresourceIntegrity } from "../fetch/integrity.ts";
import { Overall } from "../fetch/overall.ts";
import { ownScript } from "../fetch/chunks/own_script.ts";
import { manifestEntry, PartCache } from "../fetch/part_cache.ts";
import { receivePreloads } from "../fetch/preloads.ts";
import { siteURL } from "../fetch/site_url.ts";
import { untilAborted } from "../fetch/concurrency/until_aborted.ts";
import { importFormats } from "../images/decode.ts";
import { prepareTask, requireTask } from "../tasks/answer.ts";
import { ImageReader } from "./image_reader.ts";
import { InlineModel } from "./inline_model.ts";

/** Builds of a store besides the loaded one whose parts stay cached: a page may load models of several. */
const OTHER_VERSIONS = 3;

/** `loadModel` in this thread; `reason` says why no worker is used. */
export async function loadInline(
  name: string,
  options: AnyLoadOptions,
  reason: string,
  prefetched: Prefetched | Promise<Prefetched> = prefetch(name, options),
): Promise<InlineModel> {
  const { signal } = options;
  const loading = load(name, options, reason, prefetched);
  if (!signal) return loading;
  return untilAborted(loading, signal).catch((error: unknown) => {
    // A step of the browser that does not look at the signal may still end.
    loading.then(async (model) => model.dispose()).catch(() => {});
    throw error;
  });
}

async function load(
  name: string,
  options: AnyLoadOptions,
  reason: string,
  prefetched: Prefetched | Promise<Prefetched>,
): Promise<InlineModel> {
  const { backends, onProgress, signal, stallTimeout, threads } = options;
  const base = siteURL(options.baseURL);
  const cache = await PartCache.open(base, options.cache, stallTimeout);
  signal?.throwIfAborted();
  const { stored, cached: known, ...fetched } = await prefetched;
  const preloaded = receivePreloads(fetched.preloaded);
  const limits = { signal, stallTimeout };
  const read = await readManifest(base, fetched.manifest, options, limits, name);
  const { bytes, hash, pinned } = read;
  const catalog = new Delivery(base, cache, { ...limits, preloaded });
  const manifest = await withEntry(read.manifest, name, catalog);
  const info = findModel(manifest, name);
  requireTask(info, options.task);
  const variant = findVariant(info, options.variant);
  // Before the download, which may need the space.
  await cache.evictOthers(stored, manifest, hash, hasVersion(name) ? OTHER_VERSIONS : 0);
  const keeping = known ? undefined : cache.put(manifestEntry(hash), bytes);
  // In parallel with the model. A failure is raised by the first image that needs it.
  importFormats().catch(() => {});

  // The first failure aborts the other downloads.
  const failure = new LinkedController(signal);
  const either = failure.signal;
  const overall = new Overall();
  const deliveryUntil = (until: AbortSignal): Delivery =>
    new Delivery(base, cache, { onProgress, signal: until, stallTimeout, preloaded }, overall);
  const delivery = deliveryUntil(either);
  const inputs: BackendInputs = {
    base,
    manifest,
    info,
    variant,
    delivery,
    deliveryUntil,
    signal: either,
    overall,
  };
  try {
    const candidates = await candidatesFor(inputs, { backends, threads });
    // A backend or thread count that the page requests says nothing about the device.
    const requested = backends !== undefined || threads !== undefined;
    const cached =
      requested || cache.problem ? undefined : await cacheFor(inputs, hash, stallTimeout);
    const chosen = await chooseBackend(candidates, inputs, cached);
    inputs.weights = undefined;
    await keeping;
    await prepareTask(info);
    const later = (): BackendInputs => {
      // The page's signal and callback were for the load.
      const never = new AbortController().signal;
      const deliveryUntil = (until: AbortSignal): Delivery =>
        new Delivery(base, cache, { signal: until, stallTimeout });
      return { ...inputs, delivery: deliveryUntil(never), deliveryUntil, signal: never };
    };
    const fallback = new FallbackBackend(chosen, inputs, later, () => void cached?.delete());
    const { orientation = info.preprocessing.exif_orientation } = options;
    const preprocessing = { ...info.preprocessing, exif_orientation: orientation };
    const report = { integrity: subresourceIntegrity(hash), pinned };
    const loaded = { ...info, preprocessing, cache: delivery.report(), manifest: report };
    const reader = new ImageReader(orientation, stallTimeout);
    const loadBackend = async (other: ModelInfo): Promise<FallbackBackend> => {
      const laterOther = (): BackendInputs => ({ ...later(), info: other });
      const fresh = laterOther();
      const first = await candidatesFor(fresh, { backends, threads: chosen.report.threads });
      return new FallbackBackend(await chooseBackend(first, fresh), fresh, laterOther, () => {});
    };
    const wanted = { task: options.task, noWorkerReason: reason, loadBackend };
    const model = new InlineModel(reader, loaded, variant.name, fallback, wanted);
    model.onNews = ({ doubt }) => doubt && options.onDoubtful?.(doubt);
    return model;
  } catch (error) {
    failure.abort(error);
    throw await advised(error, manifest);
  } finally {
    failure.unlink();
  }
}

/** The chosen backend depends on the loader, the manifest and the device. */
async function cacheFor(
  { base, info, variant }: BackendInputs,
  hash: string,
  limit: number | undefined,
): Promise<BackendCache> {
  const { name } = await adapter();
  const { hardwareConcurrency } = navigator;
  const dependsOn = [
    ownScript().url,
    hash,
    name,
    globalThis.crossOriginIsolated,
    hardwareConcurrency,
  ];
  return new BackendCache(base, `${info.name} ${variant.name}`, dependsOn.join(" "), limit);
}
