/** Files in parts: fetched side by side, each checked as it arrives, from this device where it has them. */
import { PartCache } from "./cache.ts";
import { fetchPart, type DownloadOptions } from "./download.ts";
import { DownloadError, IntegrityError } from "./errors.ts";
import { sha256 } from "./integrity.ts";
import type { FileInfo, PartedFileInfo } from "./manifest.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Requests at a time: enough to fill a connection, few enough that the first parts end early and are kept. */
const SIDE_BY_SIDE = 4;

/** Tries in all where the network or the server failed, which often passes. */
const TRIES = 3;
const FIRST_PAUSE = 300;

/** What a load took from where, for `model.info.cache`. */
export interface CacheReport {
  /** Whether what was downloaded is kept for the next time. */
  kept: boolean;
  /** Why it is not; empty where it is. */
  reason: string;
  /** Bytes that were on this device already. */
  fromCache: number;
  /** Bytes that crossed the network. */
  downloaded: number;
}

/** Fetches the files of one load. */
export class Delivery {
  readonly cache: PartCache;
  readonly #base: URL;
  readonly #options: DownloadOptions;
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
   * The parts of `file`, checked. Raises DownloadError or IntegrityError for the first that cannot be had, and stops the
   * others.
   */
  async fetch(file: PartedFileInfo, name: string): Promise<Bytes[]> {
    const stop = new AbortController();
    const { signal: outer, onProgress } = this.#options;
    const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
    const loaded = file.parts.map(() => 0);
    const show = (): void => {
      const sum = loaded.reduce((total, bytes) => total + bytes, 0);
      onProgress?.({ loaded: sum, total: file.size, file: name });
    };
    show();
    const results: Bytes[] = [];
    const waiting = [...file.parts.entries()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, part] = next;
        results[index] = await this.#part(part, signal, (bytes) => {
          loaded[index] = bytes;
          show();
        });
      }
    };
    try {
      await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
    } catch (error) {
      stop.abort(error);
      throw error;
    }
    return results;
  }

  /** The bytes of `file` in one piece, for what is small or cannot be had otherwise. */
  async fetchWhole(file: PartedFileInfo, name: string): Promise<Bytes> {
    const parts = await this.fetch(file, name);
    return parts.length === 1 ? parts[0]! : new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** One part; `arrived` is told how many of its bytes are there. */
  async #part(
    part: FileInfo,
    signal: AbortSignal,
    arrived: (bytes: number) => void,
  ): Promise<Bytes> {
    return this.cache.alone(part, signal, async () => {
      signal.throwIfAborted();
      const kept = await this.cache.get(part);
      if (kept) {
        if (kept.length === part.size && (await sha256(kept)) === part.sha256) {
          this.#fromCache += kept.length;
          arrived(kept.length);
          return kept;
        }
        await this.cache.drop(part);
      }
      const bytes = await this.#download(part, signal, arrived);
      this.#downloaded += bytes.length;
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
        arrived(0);
        if (signal.aborted || tries === TRIES || !mayPass(error, mode)) throw error;
        mode = "reload";
        await pause(FIRST_PAUSE * tries, signal);
      }
    }
  }
}

/** Whether another try may help: after a fault of the network or the server, or of a stored copy. */
function mayPass(error: unknown, mode: RequestCache): boolean {
  if (error instanceof IntegrityError) return mode !== "reload";
  if (!(error instanceof DownloadError)) return false;
  return error.status === 0 || error.status >= 500 || (error.status === 200 && mode !== "reload");
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
