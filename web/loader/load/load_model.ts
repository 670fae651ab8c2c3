import type { AnyLoadOptions, LoadOptions } from "../api/load_options.ts";
import type {
  AnyPrediction,
  EmbeddingPrediction,
  Model,
  RegressionPrediction,
} from "../api/model.ts";
import { manifestPin } from "../fetch/manifest/pin.ts";
import { prefetch } from "../fetch/manifest/prefetch.ts";
import { versionIntegrity } from "../fetch/manifest/version_pin.ts";
import { siteURL } from "../fetch/site_url.ts";
import { Connection } from "../worker/connection.ts";
import { requireEnvironment } from "./environment.ts";
import { loadInline } from "./load_inline.ts";
import { RemoteModel } from "./remote_model.ts";
import { warnOfPin, warnOfSlowness } from "./warn.ts";

export function loadModel(
  name: string,
  options: LoadOptions & { task: "regression" },
): Promise<Model<RegressionPrediction>>;
export function loadModel(
  name: string,
  options: LoadOptions & { task: "embedding" },
): Promise<Model<EmbeddingPrediction>>;
export function loadModel(
  name: string,
  options?: LoadOptions & { task?: "classification" },
): Promise<Model>;
export function loadModel(name: string, options: AnyLoadOptions): Promise<Model<AnyPrediction>>;
/**
 * Downloads the model `name`, checks every byte, and runs the self-check: its logits for the golden input on this device
 * have to match PyTorch's. Of a store of versions, `name@1`, `name@1.2.0` and `name@latest` mean the build that the
 * store's index says; with `integrity`, the build with that manifest.
 *
 * Raises ManifestError, DownloadError, IntegrityError, SignatureError, BackendError, or the platform's AbortError.
 */
export function loadModel(name: string, options?: AnyLoadOptions): Promise<Model<AnyPrediction>> {
  return loadAny(name, options);
}

/** `loadModel`, for a model of any task. */
export async function loadAny(
  name: string,
  options: AnyLoadOptions = {},
): Promise<Model<AnyPrediction>> {
  requireEnvironment();
  manifestPin(options.integrity); // raises before anything is fetched
  // Resolved now, as the page's own URL may change.
  const baseURL = siteURL(options.baseURL);
  const integrity = await versionIntegrity(name, baseURL, options);
  const resolved = { ...options, baseURL, integrity };
  const finish = <M extends Model<AnyPrediction>>(model: M): M => {
    // A store's index without a signature says which manifest is meant, and nothing says which index.
    if (integrity !== options.integrity && !("publicKey" in options)) {
      model.info.manifest.pinned = false;
    }
    return warnOfPin(model);
  };
  if (options.worker === false) {
    return finish(await loadInline(name, resolved, "turned off by the page"));
  }
  const prefetched = prefetch(name, resolved);
  const connection = await Connection.open(options.signal, options.worker);
  const model =
    connection instanceof Connection
      ? await RemoteModel.load(connection, name, resolved, await prefetched)
      : await loadInline(name, resolved, connection.problem, prefetched);
  warnOfSlowness(model);
  return finish(model);
}
