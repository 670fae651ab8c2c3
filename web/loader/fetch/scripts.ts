import { DownloadError, IntegrityError } from "../api/errors.ts";
import { fetchBytes } from "./download.ts";
import { sha256, subresourceIntegrity } from "./integrity.ts";

/** A script of the site. */
export interface Script {
  /** Inside the site. */
  path: string;
  /** In hex. */
  sha256: string;
}

/** Runs what `preload` checked. Raises DownloadError. */
export async function importScript<Module>(url: string): Promise<Module> {
  try {
    return (await import(url)) as Module;
  } catch (error) {
    throw new DownloadError(url, 0, "a script", "one that does not run", error);
  }
}

/**
 * Fetches a script into the page's module map with its hash checked by the browser, so that a later import
 * of the URL that is returned runs just these bytes. With another `fragment` (`#2`) it is a module of its own. Raises DownloadError or IntegrityError.
 */
export async function preload(base: URL, script: Script, fragment = ""): Promise<string> {
  const url = new URL(script.path, base).href;
  if (await preloads(url + fragment, script.sha256)) return url + fragment;
  // The browser does not say why: look at the bytes to tell a wrong one from a missing file.
  const bytes = await fetchBytes(url, "reload");
  const actual = await sha256(bytes);
  if (actual !== script.sha256) throw new IntegrityError(url, script.sha256, actual);
  // They are right by now: an old copy was stored, or an earlier try failed, which browsers remember by URL.
  const again = `${url}?retry=${++retries}${fragment}`;
  if (await preloads(again, script.sha256)) return again;
  throw new DownloadError(
    url,
    200,
    "a script",
    "one that the browser refuses; is it served as text/javascript?",
  );
}

let retries = 0;

async function preloads(url: string, hex: string): Promise<boolean> {
  if (!globalThis.document) return looksRight(url, hex);
  const link = document.createElement("link");
  link.rel = "modulepreload";
  link.href = url;
  link.integrity = subresourceIntegrity(hex);
  link.crossOrigin = "anonymous";
  const outcome = new Promise<boolean>((resolve) => {
    link.onload = () => resolve(true);
    link.onerror = () => resolve(false);
  });
  document.head.append(link);
  const loaded = await outcome;
  link.remove();
  return loaded;
}

/**
 * A worker's module map cannot be filled with checked bytes. They are looked at as they will be imported: out of the
 * browser's own store where it is kept there.
 */
async function looksRight(url: string, hex: string): Promise<boolean> {
  try {
    const integrity = subresourceIntegrity(hex);
    const response = await fetch(url, { integrity, cache: "force-cache" });
    await response.arrayBuffer(); // so that it is stored whole
    return response.ok;
  } catch {
    return false;
  }
}
