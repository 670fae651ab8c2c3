/** The files with which the site starts: kept all together under one version, each checked, or not at all. */
import { shellPrefix } from "./agreed.ts";

declare const self: ServiceWorkerGlobalScope;

/** The `integrity` of each file by its path, and a hash over them all. */
export interface Listing {
  version: string;
  files: Record<string, string>;
}

const INDEX = "index.html";

/** The loader's stub, in which the manifest is pinned and the loader named. */
const STUB = "torch2web.js";

/** What the build calls a file that never changes under its name (converter/parts.py). */
const NAMED_BY_HASH = /-[0-9a-f]{32}\.\w+$/;

/** Milliseconds that a network may take to begin an answer before the kept copy is better than waiting on. */
const PATIENCE = 5000;

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

  /** Fetches and keeps every file. Where one fails, nothing is kept. */
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

  /** Drops what other versions of this site kept, and nothing of its neighbours on the same origin. */
  async dropOthers(): Promise<void> {
    const names = await caches.keys();
    const others = names.filter((name) => name.startsWith(this.#prefix) && name !== this.#name);
    await Promise.all(others.map((name) => caches.delete(name)));
  }

  /**
   * The answer to a request; undefined leaves it to the browser.
   *
   * A request says which build it wants by a hash: in its `integrity`, or in the file's name. If that is this build,
   * the kept copy is right whatever the server has by now. If it is another one, the kept copy would look like a
   * forgery, and the network alone can answer. Without a hash, as for the page itself, the network goes first.
   */
  answer(request: Request): Promise<Response> | undefined {
    const path = this.#pathOf(request);
    const integrity = path === undefined ? undefined : this.#files.get(path);
    if (path === undefined || integrity === undefined) return undefined;
    const url = new URL(path, this.#base).href;
    if (request.integrity) {
      return request.integrity === integrity ? this.#keptFirst(request, url) : undefined;
    }
    return NAMED_BY_HASH.test(path)
      ? this.#keptFirst(request, url)
      : this.#networkFirst(request, url);
  }

  /** The path inside the site that `request` is for, if a kept copy may answer it. */
  #pathOf({ method, mode, cache, headers, url }: Request): string | undefined {
    const { origin, pathname, search } = new URL(url);
    if (method !== "GET" || headers.has("Range") || origin !== this.#base.origin) return undefined;
    if (!pathname.startsWith(this.#base.pathname)) return undefined;
    const path = pathname.slice(this.#base.pathname.length);
    if (mode === "navigate") return path || INDEX;
    // "reload" is how the loader looks at what the server really has, and a query how it gets past caches.
    return cache === "reload" || cache === "no-store" || search ? undefined : path;
  }

  async #keptFirst(request: Request, url: string): Promise<Response> {
    return (await this.#kept(url)) ?? fetch(request);
  }

  async #networkFirst(request: Request, url: string): Promise<Response> {
    const network = fetch(request);
    try {
      const response = await Promise.race([network, rejectAfter(PATIENCE)]);
      // A server in trouble is no better than none.
      return response.status < 500 ? response : ((await this.#kept(url)) ?? response);
    } catch {
      return (await this.#kept(url)) ?? network;
    }
  }

  async #kept(url: string): Promise<Response | undefined> {
    // Without open(), which would make an empty cache where the owner or the visitor dropped it.
    return caches.match(url, { cacheName: this.#name, ignoreVary: true });
  }
}

/** Raises an error that names the file; the browser compares the hash. */
async function fetchChecked(url: string, integrity: string): Promise<Response> {
  let response: Response;
  try {
    // "no-cache" asks the server whether the browser's stored copy is still the right one. By a file's date servers
    // may be wrong about it, so that what is not right is fetched whole.
    response = await fetch(url, { integrity, cache: "no-cache" }).catch(() =>
      fetch(url, { integrity, cache: "reload" }),
    );
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  } catch (error) {
    throw new Error(`${url} did not arrive as it was built (${String(error)})`, { cause: error });
  }
  // A copy without the mark of a redirect, such as hosts make from index.html to ./: a page may not come from one.
  return new Response(response.body, response);
}

function rejectAfter(milliseconds: number): Promise<never> {
  return new Promise((_, reject) => setTimeout(reject, milliseconds));
}
