/** Files in parts: fetched side by side, each checked as it arrives, from this device where it has them. */
import type { CacheReport } from "../api/cache.ts";
import { DownloadError } from "../api/errors.ts";
import type { FileInfo, PartedFileInfo } from "../api/manifest.ts";
import type { Progress } from "../api/progress.ts";
import { fetchPart, type DownloadOptions } from "./download.ts";
import { sha256 } from "./integrity.ts";
import { Slots } from "./locks.ts";
import { PartCache } from "./part_cache.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Requests at a time, of the whole page: enough to fill a connection, few enough that the first parts end early and are
 * kept, and that none waits in the browser's own queue, where it would look like a stalled one.
 */
const slots = new Slots(4);

/** Tries in all where the network or the server failed, which often passes. */
const TRIES = 3;
const FIRST_PAUSE = 300;

/** Fetches the files of one load. */
export class Delivery {
  readonly cache: PartCache;
  readonly #base: URL;
  readonly #options: DownloadOptions;
  /** Parts in the count: what is fetched again for another backend is not counted again. */
  readonly #counted = new Set<string>();
  #fromCache = 0;
  #downloaded = 0;

  constructor(base: URL, cache: PartCache, options: DownloadOptions) {
    this.#base = base;
    this.cache = cache;
    this.#options = options;
  }

  report(): CacheReport {
    return {
      kept: !this.cache.problem,
      reason: this.cache.problem,
      fromCache: this.#fromCache,
      downloaded: this.#downloaded,
    };
  }

  /**
   * The parts of `file` as they come, checked. Where one cannot be had the others are stopped, and all that are not there
   * yet raise the same DownloadError or IntegrityError. The progress goes back where a part has to be fetched again, but
   * never below what is checked.
   */
  fetch(file: PartedFileInfo, name: string): Promise<Bytes>[] {
    const stop = new AbortController();
    const outer = this.#options.signal;
    const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
    const loaded = file.parts.map(() => 0);
    const show = (): void => {
      const sum = loaded.reduce((total, bytes) => total + bytes, 0);
      this.#tell({ loaded: sum, total: file.size, file: name });
    };
    show();
    return file.parts.map((part, index) => {
      const bytes = slots.run(signal, () =>
        this.#part(part, signal, (count) => {
          loaded[index] = count;
          show();
        }),
      );
      // Whoever waits for it is told; nobody may be waiting yet.
      bytes.catch((error: unknown) => stop.abort(error));
      return bytes;
    });
  }

  /** A mistake in the page's own function shows on its console, and is no fault of the download. */
  #tell(progress: Progress): void {
    try {
      this.#options.onProgress?.(progress);
    } catch (error) {
      reportError(error);
    }
  }

  /** The bytes of `file` in one piece, for what is small or cannot be had otherwise. */
  async fetchWhole(file: PartedFileInfo, name: string): Promise<Bytes> {
    const parts = await Promise.all(this.fetch(file, name));
    return parts.length === 1 ? parts[0]! : new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** One part; `arrived` is told how many of its bytes are there. */
  async #part(
    part: FileInfo,
    signal: AbortSignal,
    arrived: (bytes: number) => void,
  ): Promise<Bytes> {
    return this.cache.alone(part, { ...this.#options, signal }, async (alive) => {
      signal.throwIfAborted();
      const kept = await this.cache.get(part);
      if (kept) {
        if (kept.length === part.size && (await sha256(kept)) === part.sha256) {
          if (!this.#counted.has(part.sha256)) this.#fromCache += kept.length;
          this.#counted.add(part.sha256);
          arrived(kept.length);
          return kept;
        }
        await this.cache.drop(part);
      }
      const bytes = await this.#download(part, signal, (count) => {
        alive();
        arrived(count);
      });
      this.#downloaded += bytes.length;
      this.#counted.add(part.sha256);
      await this.cache.put(part, bytes);
      return bytes;
    });
  }

  async #download(
    part: FileInfo,
    signal: AbortSignal,
    arrived: (bytes: number) => void,
  ): Promise<Bytes> {
    // The name holds the hash, so a copy in the browser's HTTP cache is right unless something put another there.
    let mode: RequestCache = "default";
    for (let tries = 1; ; tries++) {
      let loaded = 0;
      try {
        return await fetchPart(this.#base, part, mode, { ...this.#options, signal }, (bytes) =>
          arrived((loaded += bytes)),
        );
      } catch (error) {
        if (signal.aborted || tries === TRIES || !mayPass(error, mode)) throw error;
        arrived(0);
        mode = "reload";
        await pause(FIRST_PAUSE * tries, signal);
      }
    }
  }
}

/** Statuses of a server that asks for patience. */
const BUSY = [408, 425, 429];

/** Whether another try may help: after a fault of the network or the server, or of a stored copy. */
function mayPass(error: unknown, mode: RequestCache): boolean {
  // Browsers store a wrong answer as well as a right one, and a 404 too.
  if (mode !== "reload") return true;
  if (!(error instanceof DownloadError)) return false;
  return error.status === 0 || error.status >= 500 || BUSY.includes(error.status);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}
