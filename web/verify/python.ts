/** Starts Pyodide in this page; the browser checks every file of it. */
import type { PyodideAPI } from "pyodide";

/** `integrity` by path of the files that only this page loads. */
export type Listing = Readonly<Record<string, string>>;

const FOLDER = "verify/";
const HOME = "/home/pyodide";

export interface PythonOptions {
  /** Called with a description of each step. */
  started?: (step: string) => void;
  /** The folder `verify/` for Pyodide: a URL, or a path under Node. */
  folder?: string;
}

/** Functions of Emscripten's file system, whose types are not installed. */
interface FileSystem {
  mkdirTree: (path: string) => void;
  writeFile: (path: string, content: Uint8Array) => void;
}

/**
 * Starts Pyodide with the packages of its lock file and the project's Python code in its file system. Raises an error for
 * a file that is not as it was built.
 */
export async function startPython(
  base: URL,
  listing: Listing,
  options: PythonOptions = {},
): Promise<PyodideAPI> {
  const refused = checkFetches(base, listing);
  // Pyodide would wait forever for a file that the browser refused.
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
  const files = python.FS as unknown as FileSystem;
  await Promise.all(
    Object.keys(listing)
      .filter((path) => path.startsWith(`${FOLDER}python/`))
      .map(async (path) => {
        const response = await fetch(new URL(path, base));
        const target = `${HOME}/${path.slice(`${FOLDER}python/`.length)}`;
        files.mkdirTree(target.slice(0, target.lastIndexOf("/")));
        files.writeFile(target, new Uint8Array(await response.arrayBuffer()));
      }),
  );
  return python;
}

/**
 * Adds `integrity` to Pyodide's requests, which has hashes of its packages but not of its own files. The promise is
 * rejected at the first file that is not as it was built, and never resolved.
 */
function checkFetches(base: URL, listing: Listing): Promise<never> {
  const original = globalThis.fetch;
  return new Promise((_, reject) => {
    globalThis.fetch = async (input, options) => {
      const url = input instanceof Request ? input.url : new URL(input, base).href;
      const path = url.startsWith(base.href) ? url.slice(base.href.length) : "";
      const integrity = listing[path];
      if (!integrity) return original(input, options);
      try {
        const response = await original(input, { ...options, integrity });
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
