import { DownloadError, IntegrityError } from "../../api/errors.ts";
import { fetchBytes } from "../download.ts";
import { STALL_TIMEOUT } from "../concurrency/inactivity.ts";
import { sha256, subresourceIntegrity } from "../integrity.ts";
import { within } from "../concurrency/time_limit.ts";

/** A script of the site. */
export interface Script {
  /** Relative to the site's root. */
  path: string;
  /** In hex. */
  sha256: string;
}

let retries = 0;

/** Imports a preloaded module. Raises DownloadError. */
export async function importScript(url: string): Promise<unknown> {
  try {
    return await within(STALL_TIMEOUT, import(url), silent);
  } catch (error) {
    throw new DownloadError(url, 0, "a script", "one that does not run", error);
  }
}

/**
 * Preloads a module with its hash checked by the browser, and returns the URL to import: importing that URL runs the
 * checked bytes. A `fragment` (`#2`) makes a separate instance of the module. Raises DownloadError or IntegrityError.
 */
export async function preload(base: URL, script: Script, fragment = ""): Promise<string> {
  const url = new URL(script.path, base).href;
  if (await preloadURL(url + fragment, script.sha256)) return url + fragment;
  // The browser gives no reason: fetch the bytes to tell a changed file from a missing one.
  const actual = await sha256(await fetchBytes(url, "reload"));
  if (actual !== script.sha256) throw new IntegrityError(url, script.sha256, actual);
  // They match now: the HTTP cache had an old copy, or the browser remembers the failure of this URL.
  const retry = `${url}?retry=${++retries}${fragment}`;
  if (await preloadURL(retry, script.sha256)) return retry;
  const found = "one that the browser refuses; is it served as text/javascript?";
  throw new DownloadError(url, 200, "a script", found);
}

async function preloadURL(url: string, hex: string): Promise<boolean> {
  const link = "document" in globalThis ? document.createElement("link") : undefined;
  // Workers, and Safari before 17, which fires no event either.
  const names = (link as Partial<HTMLLinkElement> | undefined)?.relList;
  if (!link || !names?.supports("modulepreload")) return fetchesIntact(url, hex);
  link.rel = "modulepreload";
  link.href = url;
  link.integrity = subresourceIntegrity(hex);
  link.crossOrigin = "anonymous";
  const loaded = new Promise<boolean>((resolve) => {
    link.onload = () => resolve(true);
    link.onerror = () => resolve(false);
    document.head.append(link);
  });
  const intact = await within(STALL_TIMEOUT, loaded, silent).catch(() => false);
  link.remove();
  return intact;
}

/** The bytes are checked as the import will get them: from the HTTP cache, if they are stored there. */
async function fetchesIntact(url: string, hex: string): Promise<boolean> {
  const integrity = subresourceIntegrity(hex);
  try {
    await fetchBytes(url, "force-cache", { integrity });
    return true;
  } catch {
    return false;
  }
}

function silent(): Error {
  return new Error(`no answer within ${STALL_TIMEOUT / 1000} s`);
}
