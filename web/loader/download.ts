import { DownloadError, IntegrityError } from "./errors.ts";
import { sha256 } from "./integrity.ts";
import type { FileInfo } from "./manifest.ts";

/** How much of something has arrived and was checked. */
export interface Progress {
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all. */
  total: number;
  /** What it is, such as `mobilenet_emotion/int8`. */
  file: string;
}

export interface DownloadOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a single byte after which a connection counts as dead. */
  stallTimeout?: number | undefined;
}

/** What a connection that gives nothing for half a minute is worth: a new one. */
const STALL_TIMEOUT = 30_000;

/**
 * Fetches one part and checks it; `arrived` is told of each piece. Nothing is returned that is not what was built.
 * Raises DownloadError, IntegrityError, or the signal's reason.
 */
export async function fetchPart(
  base: URL,
  part: FileInfo,
  cache: RequestCache,
  { signal, stallTimeout = STALL_TIMEOUT }: DownloadOptions,
  arrived: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(part.path, base).href;
  const expected = `${part.size} bytes`;
  const stall = new Stall(stallTimeout, signal);
  try {
    const response = await request(url, expected, stall.signal, cache);
    let loaded = 0;
    const bytes = await readBody(response, part.size, (read) => {
      stall.restart();
      if (loaded === 0) refuseStandIns(url, response.status, expected, read);
      if (read.length > part.size) {
        throw new IntegrityError(url, expected, `at least ${read.length} bytes`);
      }
      arrived(read.length - loaded);
      loaded = read.length;
    }).catch((error: unknown) => {
      throw interrupted(error, url, expected, stall.signal);
    });
    if (loaded < part.size) throw new IntegrityError(url, expected, `${loaded} bytes`);
    const actual = await sha256(bytes);
    if (actual !== part.sha256) throw new IntegrityError(url, part.sha256, actual);
    return bytes;
  } catch (error) {
    if (!stall.ended || signal?.aborted) throw error;
    const silence = `nothing for ${stallTimeout / 1000} s; is the network up?`;
    throw new DownloadError(url, 0, expected, silence, error);
  } finally {
    stall.stop();
  }
}

/** Ends a request after a while in which nothing came. */
class Stall {
  readonly signal: AbortSignal;
  ended = false;
  readonly #controller = new AbortController();
  readonly #timeout: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number, signal: AbortSignal | undefined) {
    this.#timeout = timeout;
    const own = this.#controller.signal;
    this.signal = signal ? AbortSignal.any([signal, own]) : own;
    this.restart();
  }

  restart(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.ended = true;
      this.#controller.abort();
    }, this.#timeout);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Fetches a small file whole; the caller checks it. */
export async function fetchBytes(
  url: string,
  {
    signal,
    cache,
    integrity,
  }: { signal?: AbortSignal | undefined; cache: RequestCache; integrity?: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = "a file of this site";
  const response = await request(url, expected, signal, cache, integrity);
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    refuseStandIns(url, response.status, expected, bytes);
    return bytes;
  } catch (error) {
    throw interrupted(error, url, expected, signal);
  }
}

async function request(
  url: string,
  expected: string,
  signal: AbortSignal | undefined,
  cache: RequestCache,
  integrity = "",
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ?? null, cache, integrity });
  } catch (error) {
    throw interrupted(error, url, expected, signal);
  }
  if (!response.ok) {
    throw new DownloadError(url, response.status, expected, `HTTP status ${response.status}`);
  }
  return response;
}

/**
 * Reads a body of `size` bytes into one buffer, where the browser can straight into it: pieces of their own would lie
 * around by the hundred megabytes before they are collected. `read` is given all bytes so far, one more than `size` at
 * most, and ends the download by throwing.
 */
async function readBody(
  response: Response,
  size: number,
  read: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let buffer = new ArrayBuffer(size + 1);
  let loaded = 0;
  const reader = response.body && readerOf(response.body);
  try {
    while (reader) {
      const room = new Uint8Array(buffer, loaded);
      const into = isByob(reader);
      const { done, value } = into ? await reader.read(room) : await reader.read();
      // It takes the buffer away to fill it, and gives it back at the end too.
      if (into && value) buffer = value.buffer;
      if (done) break;
      if (!into) room.set(value.subarray(0, room.length));
      loaded = Math.min(loaded + value.length, buffer.byteLength);
      read(new Uint8Array(buffer, 0, loaded));
    }
  } finally {
    // Also on the way out through an error of the consumer: the rest need not be downloaded.
    reader?.cancel().catch(() => {});
  }
  return new Uint8Array(buffer, 0, Math.min(loaded, size));
}

type Reader = ReadableStreamBYOBReader | ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

/** Not every browser has the class: WebKitGTK 2.50 does not. */
function isByob(reader: Reader): reader is ReadableStreamBYOBReader {
  return (
    typeof ReadableStreamBYOBReader !== "undefined" && reader instanceof ReadableStreamBYOBReader
  );
}

function readerOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): Reader {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
}

function interrupted(
  error: unknown,
  url: string,
  expected: string,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof DownloadError || error instanceof IntegrityError) return error;
  return new DownloadError(
    url,
    0,
    expected,
    "no answer, or one that broke off; is the network up?",
    error,
  );
}

/** What servers hand out with status 200 in place of a file, which would fail later in words nobody understands. */
function refuseStandIns(url: string, status: number, expected: string, head: Uint8Array): void {
  const start = new TextDecoder().decode(head.subarray(0, 64)).trimStart().toLowerCase();
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    const actual = "an HTML page, as many servers answer for a file that is missing";
    throw new DownloadError(url, status, expected, actual);
  }
  if (start.startsWith("version https://git-lfs")) {
    const actual = "a Git LFS pointer; deploy the file that it stands for";
    throw new DownloadError(url, status, expected, actual);
  }
}
