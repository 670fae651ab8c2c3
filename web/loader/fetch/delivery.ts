/** Downloads of files in parts: in parallel, each part checked as it arrives, and cached. */
import type { CacheReport } from "../api/cache.ts";
import { BackendError, DownloadError } from "../api/errors.ts";
import type { FileInfo, PartedFileInfo } from "../api/manifest.ts";
import { importChunk } from "./chunks/chunks.ts";
import type * as Decoder from "./chunks/decoder.chunk.ts";
import { fetchPart, type DownloadOptions } from "./download.ts";
import { sha256 } from "./integrity.ts";
import { LinkedController } from "./concurrency/linked_controller.ts";
import { Overall } from "./overall.ts";
import type { PartCache } from "./part_cache.ts";
import type { TakePreloaded } from "./preloads.ts";
import { Semaphore } from "./concurrency/semaphore.ts";
import { untilAborted } from "./concurrency/until_aborted.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Limits the requests of the whole page: four fill a connection, the first parts complete early and are cached, and none
 * waits in the browser's own queue, where it would look stalled.
 */
const requests = new Semaphore(4);

/** Number of tries where the network or the server fails. */
const TRIES = 3;
const FIRST_PAUSE = 300;

export interface DeliveryOptions extends DownloadOptions {
  preloaded?: TakePreloaded;
}

/** Fetches the files of one load. */
export class Delivery {
  readonly cache: PartCache;
  readonly #base: URL;
  readonly #options: DeliveryOptions;
  readonly #overall: Overall;
  /** Parts in the report: one that is fetched again for another backend counts once. */
  readonly #counted = new Set<string>();
  #fromCache = 0;
  #downloaded = 0;

  /** `overall` is the progress of the whole load. */
  constructor(base: URL, cache: PartCache, options: DeliveryOptions, overall = new Overall()) {
    this.#base = base;
    this.#overall = overall;
    this.cache = cache;
    this.#options = options;
  }

  report(): CacheReport {
    return {
      kept: !this.cache.problem,
      reason: this.cache.problem || this.cache.unlocked,
      fromCache: this.#fromCache,
      downloaded: this.#downloaded,
    };
  }

  /**
   * The checked parts of `file`, decoded where it is coded. If one fails, the others are aborted, and all pending ones
   * raise the same DownloadError, IntegrityError or BackendError. The progress decreases where a part is downloaded again.
   */
  fetch(file: PartedFileInfo, name: string): Promise<Bytes>[] {
    const failure = new LinkedController(this.#options.signal);
    const { signal } = failure;
    const loaded = file.parts.map(() => 0);
    const report = (): void => {
      const sum = loaded.reduce((total, bytes) => total + bytes, 0);
      this.#reportProgress(file, name, sum);
    };
    report();
    const decoder = file.coding && (importChunk("decoder") as Promise<typeof Decoder>);
    if (decoder) decoder.catch(() => {}); // raised by the parts
    const parts = file.parts.map((part, index) => {
      const stored = requests.run(signal, () =>
        this.#fetchPart(part, signal, (count) => {
          loaded[index] = count;
          report();
        }),
      );
      const bytes = decoder
        ? stored.then(async (coded) => (await decoder).decodePart(coded, part, BackendError))
        : stored;
      // Handled here too, as the caller may not await it yet.
      bytes.catch((error: unknown) => failure.abort(error));
      return bytes;
    });
    void Promise.allSettled(parts).then(() => failure.unlink());
    return parts;
  }

  /** The bytes of `file` as one array. */
  async fetchWhole(file: PartedFileInfo, name: string): Promise<Bytes> {
    const parts = await Promise.all(this.fetch(file, name));
    return parts.length === 1 ? parts[0]! : new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** Reports that all of `file` is there, where another load fetched it. */
  arrived(file: PartedFileInfo, name: string): void {
    if (!this.#overall.has(file)) this.#reportProgress(file, name, file.size);
  }

  /** An error of the page's callback is reported to the console; it does not fail the download. */
  #reportProgress(file: PartedFileInfo, name: string, loaded: number): void {
    const overall = this.#overall.update(file, loaded);
    try {
      this.#options.onProgress?.({ loaded, total: file.size, file: name, overall });
    } catch (error) {
      reportError(error);
    }
  }

  /** One part, from the cache or the network; `arrived` is called with the number of bytes so far. */
  #fetchPart(
    part: FileInfo,
    signal: AbortSignal,
    arrived: (bytes: number) => void,
  ): Promise<Bytes> {
    return this.cache.withLock(part, { ...this.#options, signal }, async (keepAlive) => {
      signal.throwIfAborted();
      const cached = await this.#readCache(part);
      if (cached) {
        if (!this.#counted.has(part.sha256)) this.#fromCache += cached.length;
        this.#counted.add(part.sha256);
        arrived(cached.length);
        return cached;
      }
      const bytes = await this.#download(part, signal, (count) => {
        keepAlive();
        arrived(count);
      });
      this.#downloaded += bytes.length;
      this.#counted.add(part.sha256);
      await this.cache.put(part, bytes);
      return bytes;
    });
  }

  /** The cached bytes of a part if they are intact. */
  async #readCache(part: FileInfo): Promise<Bytes | undefined> {
    const cached = await this.cache.get(part);
    if (!cached) return undefined;
    if (await isIntact(part, cached)) return cached;
    await this.cache.delete(part);
    return undefined;
  }

  async #download(
    part: FileInfo,
    signal: AbortSignal,
    arrived: (bytes: number) => void,
  ): Promise<Bytes> {
    const preloading = this.#options.preloaded?.(part.path, arrived);
    const preloaded = await untilAborted(Promise.resolve(preloading), signal);
    if (preloaded && (await isIntact(part, preloaded))) {
      arrived(part.size);
      return preloaded;
    }
    // The name contains the hash, so a copy in the HTTP cache is normally the right one.
    let mode: RequestCache = "default";
    for (let tries = 1; ; tries++) {
      let loaded = 0;
      try {
        return await fetchPart(this.#base, part, mode, { ...this.#options, signal }, (bytes) =>
          arrived((loaded += bytes)),
        );
      } catch (error) {
        if (signal.aborted || tries === TRIES || !isTransient(error, mode)) throw error;
        arrived(0);
        mode = "reload";
        await pause(FIRST_PAUSE * tries, signal);
      }
    }
  }
}

async function isIntact({ size, sha256: expected }: FileInfo, bytes: Bytes): Promise<boolean> {
  return bytes.length === size && (await sha256(bytes)) === expected;
}

/** HTTP statuses that ask for a later try. */
const BUSY = [408, 425, 429];

/** Whether another try may help: after a fault of the network, the server or the HTTP cache. */
function isTransient(error: unknown, mode: RequestCache): boolean {
  // The HTTP cache may have stored a wrong file, or a 404.
  if (mode !== "reload") return true;
  if (!(error instanceof DownloadError)) return false;
  return error.status === 0 || error.status >= 500 || BUSY.includes(error.status);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal.addEventListener("abort", abort, { once: true });
  });
}
