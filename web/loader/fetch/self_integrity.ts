import { IntegrityError } from "../api/errors.ts";
import { prepareHashing } from "./chunks.ts";
import { fetchBytes } from "./download.ts";
import { sha256 } from "./integrity.ts";

/** The build names this script by its hash. */
const NAMED_BY_HASH = /-([0-9a-f]{32})\.js$/;

/** Why a worker with this script did not start, where the browser does not tell. */
export function whyNotLoaded(): string {
  const isolated = globalThis.crossOriginIsolated;
  return isolated
    ? "its script was not loaded; on this cross-origin isolated page it needs the header Cross-Origin-Embedder-Policy too"
    : "its script was not loaded, or the page's policy forbids it";
}

/**
 * The URL of this script, to start it as a worker, after checking that its bytes match its name: browsers check no hash
 * of a worker's script. Raises DownloadError or IntegrityError.
 */
export async function checkOwnScript(): Promise<URL> {
  const url = new URL(import.meta.url);
  await prepareHashing(new URL("./", url));
  const [, expected] = NAMED_BY_HASH.exec(url.pathname) ?? [];
  // "force-cache": as the worker will get it, from the HTTP cache where it is stored there.
  const actual = await sha256(await fetchBytes(url.href, "force-cache"));
  if (!expected || !actual.startsWith(expected)) {
    throw new IntegrityError(url.href, expected ?? "a name with a hash", actual);
  }
  return url;
}
