import type { LoadOptions } from "../api/load_options.ts";
import type { Model } from "../api/model.ts";
import { manifestPin } from "../fetch/manifest/pin.ts";
import { begin } from "../fetch/manifest/prefetch.ts";
import { siteURL } from "../fetch/manifest/read.ts";
import { Connection } from "../worker/connection.ts";
import { loadInline } from "./inline_model.ts";
import { RemoteModel } from "./remote_model.ts";

/**
 * Downloads the model `name`, checks every byte, and lets it answer once its logits for the golden input are
 * PyTorch's on this device.
 *
 * Raises ManifestError, DownloadError, IntegrityError, SignatureError, BackendError, or the platform's AbortError.
 */
export async function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  manifestPin(); // raises before anything is fetched
  // Now, as a page's own address may change meanwhile.
  const given = { ...options, baseURL: siteURL(options.baseURL) };
  if (options.worker === false) return loadInline(name, given, "turned off by the page");
  const beginning = begin(given);
  const connection = await Connection.open(options.signal);
  return connection instanceof Connection
    ? RemoteModel.load(connection, name, given, await beginning)
    : loadInline(name, given, connection.problem, beginning);
}
