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

/** Pyodide with the packages of its lock file, and the project's own Python in its file system. */
export async function startPython(
  base: URL,
  listing: Listing,
  { started = () => {}, folder = new URL(FOLDER, base).href }: PythonOptions = {},
): Promise<PyodideAPI> {
  checkFetches(base, listing);
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

/** Has the browser check what Pyodide fetches, which knows the hashes of its packages and not of itself. */
function checkFetches(base: URL, listing: Listing): void {
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, options) => {
    const url = input instanceof Request ? input.url : new URL(input, base).href;
    const path = url.startsWith(base.href) ? url.slice(base.href.length) : "";
    const integrity = listing[path];
    const response = await plain(input, integrity ? { ...options, integrity } : options);
    if (integrity && !response.ok) throw new Error(`${url}: HTTP status ${response.status}`);
    return response;
  };
}
