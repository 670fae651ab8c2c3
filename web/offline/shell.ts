/** The shell, the files that the site starts with: all of one version, each checked, in one cache. */
import { shellPrefix } from "./agreed.ts";

declare const self: ServiceWorkerGlobalScope;

/** The files of a shell. */
export interface Listing {
  /** A hash over all files. */
  version: string;
  /** `integrity` by path. */
  files: Record<string, string>;
}

const INDEX = "index.html";

/** The loader's stub, which pins the manifest and names the loader. */
const STUB = "torch2web.js";

/** Files that the build names by their hash never change. */
const NAMED_BY_HASH = /-[0-9a-f]{32}\.\w+$/;

/** Milliseconds to wait for the network before the cached copy is used. */
const NETWORK_TIMEOUT = 5000;

/** The shell of the site at `base`. */
export class Shell {
  readonly #base: URL;
  readonly #files: ReadonlyMap<string, string>;
  readonly #prefix: string;
  readonly #name: string;

  constructor(base: URL, { version, files }: Listing) {
    this.#base = base;
    this.#files = new Map(Object.entries(files));
    this.#prefix = shellPrefix(self.registration.scope, base.href);
    this.#name = this.#prefix + version;
  }

  /** Whether this is the build whose stub has this `integrity`. */
  isBuild(stub: string): boolean {
    return this.#files.get(STUB) === stub;
  }

  /** Caches every file, or none if one fails. */
  async keep(): Promise<void> {
    const responses = await Promise.all(
      Array.from(this.#files, async ([path, integrity]) => {
        const url = new URL(path, this.#base).href;
        return [url, await fetchChecked(url, integrity)] as const;
      }),
    );
    const existed = await caches.has(this.#name);
    try {
      const cache = await caches.open(this.#name);
      for (const [url, response] of responses) await cache.put(url, response);
    } catch (error) {
      if (!existed) await caches.delete(this.#name);
      throw error;
    }
  }

  /** Deletes the caches of other versions of this site; other sites of the origin keep theirs. */
  async dropOthers(): Promise<void> {
    const names = await caches.keys();
    const others = names.filter((name) => name.startsWith(this.#prefix) && name !== this.#name);
    await Promise.all(others.map((name) => caches.delete(name)));
  }

  /**
   * The response to a request; undefined leaves it to the browser.
   *
   * A hash in the request's `integrity` or in the file's name tells which build it is for. For this build, the cached copy
   * is used. For another one, the cached copy would fail the browser's check, so only the network can respond. Without a
   * hash, as for the page itself, the network goes first.
   */
  answer(request: Request): Promise<Response> | undefined {
    const path = this.#pathOf(request);
    const integrity = path === undefined ? undefined : this.#files.get(path);
    if (path === undefined || integrity === undefined) return undefined;
    const url = new URL(path, this.#base).href;
    if (request.integrity) {
      return request.integrity === integrity ? this.#cacheFirst(request, url) : undefined;
    }
    return NAMED_BY_HASH.test(path)
      ? this.#cacheFirst(request, url)
      : this.#networkFirst(request, url);
  }

  /** The path of `request` in the site, if the cached copy may be used. */
  #pathOf({ method, mode, cache, headers, url }: Request): string | undefined {
    const { origin, pathname, search } = new URL(url);
    if (method !== "GET" || headers.has("Range") || origin !== this.#base.origin) return undefined;
    if (!pathname.startsWith(this.#base.pathname)) return undefined;
    const path = pathname.slice(this.#base.pathname.length);
    if (mode === "navigate") return path || INDEX;
    // The loader asks the server itself by "reload", and bypasses caches by a query.
    return cache === "reload" || cache === "no-store" || search ? undefined : path;
  }

  async #cacheFirst(request: Request, url: string): Promise<Response> {
    return (await this.#cached(url)) ?? fetch(request);
  }

  async #networkFirst(request: Request, url: string): Promise<Response> {
    const network = fetch(request);
    try {
      const response = await Promise.race([network, rejectAfter(NETWORK_TIMEOUT)]);
      // A failing server is treated like no network.
      return response.status < 500 ? response : ((await this.#cached(url)) ?? response);
    } catch {
      return (await this.#cached(url)) ?? network;
    }
  }

  async #cached(url: string): Promise<Response | undefined> {
    // Not by open(), which would create a cache that was deleted.
    return caches.match(url, { cacheName: this.#name, ignoreVary: true });
  }
}

/** Fetches a file, whose hash the browser checks. Raises an error that names the file. */
async function fetchChecked(url: string, integrity: string): Promise<Response> {
  let response: Response;
  try {
    // "no-cache" revalidates the browser's stored copy. Servers that compare dates may confirm a wrong one, which is then
    // fetched anew.
    response = await fetch(url, { integrity, cache: "no-cache" }).catch(() =>
      fetch(url, { integrity, cache: "reload" }),
    );
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  } catch (error) {
    throw new Error(`${url} did not arrive as it was built (${String(error)})`, { cause: error });
  }
  // A new response is not marked as redirected: browsers refuse redirected ones for navigations (index.html to ./).
  return new Response(response.body, response);
}

function rejectAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(reject, milliseconds));
}
