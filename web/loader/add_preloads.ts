/** For scripts that run before the loader is there: asks the browser for the files that a model needs. */
import type { EngineBuild } from "./api/manifest.ts";
import { engineBuild } from "./backends/compiled/engine_build.ts";

type File = readonly [path: string, size: number];

/** What Python writes into the scripts of a site (writers/start.py). */
export interface Listed {
  /** The start file by the engine's build that this browser tries first. */
  start: Record<EngineBuild, File>;
  /** Modules that a model needs, with their `integrity`. */
  modules: readonly (readonly [path: string, integrity: string])[];
  /** First parts of the weights by model, each with its SHA-256. */
  parts: Record<string, readonly (readonly [path: string, size: number, sha256: string])[]>;
}

/**
 * Preloads the small files and the first weights of the model `name`, unless this device keeps them or saves data. The
 * loader has to be called after it has resolved, so that it finds the links.
 */
export async function addPreloads(
  base: URL,
  name: string,
  { start, modules, parts }: Listed,
): Promise<void> {
  const weights = parts[name];
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (!weights || connection?.saveData || (await isKept(base, weights[0]![2]))) return;
  const threads = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  document.head.append(linkOf(base, start[engineBuild(threads)], {}));
  for (const [path, integrity] of modules) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "modulepreload", integrity, href: new URL(path, base).href });
    document.head.append(link);
  }
  for (const [path, size] of weights) {
    const link = linkOf(base, [path, size], { model: name });
    link.fetchPriority = "low"; // of which the page itself must not wait
    document.head.append(link);
  }
}

/** As loader/fetch/preloads.ts finds it. */
function linkOf(base: URL, [path, size]: File, data: object): HTMLLinkElement {
  const link = document.createElement("link");
  // In the mode of `fetch`, which takes it over then.
  link.crossOrigin = "anonymous";
  link.rel = "preload";
  link.as = "fetch";
  link.href = new URL(path, base).href;
  Object.assign(link.dataset, data, { size });
  return link;
}

/** Whether the loader keeps the part: then it keeps the others too. */
async function isKept(base: URL, sha256: string): Promise<boolean> {
  try {
    return Boolean(await caches.match(new URL(`torch2web-part/${sha256}`, base)));
  } catch {
    return false; // pages from plain HTTP have no caches
  }
}
