/** Workers that run this script too. The only place that starts them: the npm package has another one in its place. */
import { IntegrityError } from "../../api/errors.ts";
import { importChunk, prepareHashing } from "./chunks.ts";
import { fetchBytes } from "../download.ts";
import { sha256 } from "../integrity.ts";
import { ownScript } from "./own_script.ts";
import type * as Elsewhere from "./elsewhere.chunk.ts";

/** The build names this script by its hash. */
const NAMED_BY_HASH = /-([0-9a-f]{32})\.js$/;

export interface OwnWorker {
  worker: Worker;
  /** Why the script was not loaded, should that happen: browsers do not tell. */
  problem: string;
}

/** Starts this script as a worker of that name. Raises what the browser raises. */
export type StartOwnWorker = (name: string) => Promise<OwnWorker>;

/**
 * The function that starts workers. Browsers check no hash of a worker's script, so its bytes are compared with its name
 * before. Raises DownloadError or IntegrityError.
 */
export async function prepareOwnWorkers(): Promise<StartOwnWorker> {
  const here = import.meta.url;
  const isolated = globalThis.crossOriginIsolated;
  const problem = isolated
    ? "its script was not loaded; on this cross-origin isolated page it needs the header Cross-Origin-Embedder-Policy too"
    : "its script was not loaded, or the page's policy forbids it";
  // This worker runs from a copy whose bytes were checked.
  const address = here.startsWith("blob:") ? here : ownScript().shim;
  const start = (from: string, name: string): OwnWorker => ({
    worker: new Worker(from, { type: "module", name }),
    problem,
  });
  if (address) return async (name) => start(address, name);
  const url = new URL(ownScript().url);
  const bytes = await checkedScript(url);
  return async (name) => {
    try {
      if (url.origin === globalThis.origin) return start(url.href, name);
    } catch {
      // Trusted Types; the chunk has a policy for them, or says why not
    }
    const { startElsewhere } = (await importChunk("elsewhere")) as typeof Elsewhere;
    return startElsewhere(url, bytes, name);
  };
}

async function checkedScript(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  await prepareHashing();
  const [, expected] = NAMED_BY_HASH.exec(url.pathname) ?? [];
  // "force-cache": as the worker will get it, from the HTTP cache where it is stored there.
  const bytes = await fetchBytes(url.href, "force-cache");
  const actual = await sha256(bytes);
  if (expected && actual.startsWith(expected)) return bytes;
  throw new IntegrityError(url.href, expected ?? "a name with a hash", actual);
}
