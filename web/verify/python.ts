/** Starts Python in this page: Pyodide, with every byte of it checked by the browser. */
import type { PyodideAPI } from "pyodide";

/** `integrity` by path inside the site, of everything that only this page loads. */
export type Listing = Readonly<Record<string, string>>;

const FOLDER = "verify/";
const HOME = "/home/pyodide";

export interface PythonOptions {
  /** Told what is being done, in words. */
  started?: (step: string) => void;
  /** Where `verify/` is, for Pyodide itself: under Node a path and no address. */
  folder?: string;
}

/**
 * Pyodide with the packages of its lock file, and the project's own Python in its file system. Raises an Error for a
 * file that did not arrive as it was built.
 */
export async function startPython(
  base: URL,
  listing: Listing,
  options: PythonOptions = {},
): Promise<PyodideAPI> {
  const refused = checkFetches(base, listing);
  // Pyodide itself waits for ever for a part of it that the browser refused.
  return Promise.race([start(base, listing, options), refused]);
}

async function start(
  base: URL,
  listing: Listing,
  { started = () => {}, folder = new URL(FOLDER, base).href }: PythonOptions,
): Promise<PyodideAPI> {
  started("Downloading Python");
  const url = new URL(`${FOLDER}pyodide/`, base);
  const { loadPyodide } = (await import(`${url.href}pyodide.mjs`)) as typeof import("pyodide");
  const lock = await (await fetch(new URL("pyodide-lock.json", url))).text();
  const python = await loadPyodide({
    indexURL: `${folder}pyodide/`,
    lockFileContents: lock,
    packageBaseUrl: `${folder}wheels/`,
    packages: Object.keys((JSON.parse(lock) as { packages: object }).packages),
    env: { HOME, TORCH2WEB_FACTS: HOME, PYTHONDONTWRITEBYTECODE: "1" },
    stdout: () => {},
  });
  started("Installing the tests");
  await Promise.all(
    Object.keys(listing)
      .filter((path) => path.startsWith(`${FOLDER}python/`))
      .map(async (path) => {
        const response = await fetch(new URL(path, base));
        const target = `${HOME}/${path.slice(`${FOLDER}python/`.length)}`;
        python.FS.mkdirTree(target.slice(0, target.lastIndexOf("/")));
        python.FS.writeFile(target, new Uint8Array(await response.arrayBuffer()));
      }),
  );
  return python;
}

/**
 * Has the browser check what Pyodide fetches, which knows the hashes of its packages and not of itself. The promise is
 * rejected at the first file that is not as it was built, and never fulfilled.
 */
function checkFetches(base: URL, listing: Listing): Promise<never> {
  const plain = globalThis.fetch;
  return new Promise((_, reject) => {
    globalThis.fetch = async (input, options) => {
      const url = input instanceof Request ? input.url : new URL(input, base).href;
      const path = url.startsWith(base.href) ? url.slice(base.href.length) : "";
      const integrity = listing[path];
      if (!integrity) return plain(input, options);
      try {
        const response = await plain(input, { ...options, integrity });
        if (!response.ok) throw new Error(`HTTP status ${response.status}`);
        return response;
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        const error = new Error(`${url} did not arrive as it was built: ${reason}`, { cause });
        reject(error);
        throw error;
      }
    };
  });
}
