import type { Progress } from "../api/progress.ts";
import { DownloadError, IntegrityError } from "../api/errors.ts";
import type { FileInfo } from "../api/manifest.ts";
import { Stall, STALL_TIMEOUT } from "./inactivity.ts";
import { sha256 } from "./integrity.ts";

export interface DownloadOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a single byte after which a connection counts as dead. */
  stallTimeout?: number | undefined;
}

/** What tells a stand-in from a file. */
const HEAD = 64;

/**
 * Fetches one part and checks it; `arrived` is told of each piece. Nothing is returned that is not what was built.
 * Raises DownloadError, IntegrityError, or the signal's reason.
 */
export async function fetchPart(
  base: URL,
  part: FileInfo,
  cache: RequestCache,
  options: DownloadOptions,
  arrived: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(part.path, base).href;
  const expected = `${part.size} bytes`;
  let loaded = 0;
  const bytes = await unlessStalled(url, expected, options, async (stall) => {
    const response = await request(url, stall.signal, cache, expected);
    return readBody(response, part.size, (read) => {
      stall.restart();
      if (loaded < HEAD) refuseStandIns(url, response.status, expected, read);
      if (read.length > part.size) {
        throw new IntegrityError(url, expected, `at least ${read.length} bytes`);
      }
      arrived(read.length - loaded);
      loaded = read.length;
    });
  });
  if (loaded < part.size) throw new IntegrityError(url, expected, `${loaded} bytes`);
  const actual = await sha256(bytes);
  if (actual !== part.sha256) throw new IntegrityError(url, part.sha256, actual);
  return bytes;
}

/** Fetches a small file whole; the caller checks it. */
export async function fetchBytes(
  url: string,
  cache: RequestCache,
  { integrity, ...options }: DownloadOptions & { integrity?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = "a file of this site";
  return unlessStalled(url, expected, options, async ({ signal }) => {
    const response = await request(url, signal, cache, expected, integrity);
    const bytes = new Uint8Array(await response.arrayBuffer());
    refuseStandIns(url, response.status, expected, bytes);
    return bytes;
  });
}

/** Runs `task`, whose signal ends it once nothing comes any more. Raises DownloadError or the signal's reason. */
async function unlessStalled<T>(
  url: string,
  expected: string,
  { signal, stallTimeout = STALL_TIMEOUT }: DownloadOptions,
  task: (stall: Stall) => Promise<T>,
): Promise<T> {
  const stall = new Stall(stallTimeout, signal);
  try {
    return await task(stall);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DownloadError || error instanceof IntegrityError) throw error;
    const actual = stall.ended
      ? `nothing for ${stallTimeout / 1000} s; is the network up?`
      : "no answer, or one that broke off; is the network up?";
    throw new DownloadError(url, 0, expected, actual, error);
  } finally {
    stall.stop();
  }
}

async function request(
  url: string,
  signal: AbortSignal,
  cache: RequestCache,
  expected: string,
  integrity = "",
): Promise<Response> {
  const response = await fetch(url, { signal, cache, integrity });
  if (!response.ok) {
    // Unread, it would keep its connection.
    response.body?.cancel().catch(() => {});
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

/** What servers hand out with status 200 in place of a file, which would fail later in words nobody understands. */
function refuseStandIns(url: string, status: number, expected: string, head: Uint8Array): void {
  const start = new TextDecoder().decode(head.subarray(0, HEAD)).trimStart().toLowerCase();
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    const actual = "an HTML page, as many servers answer for a file that is missing";
    throw new DownloadError(url, status, expected, actual);
  }
  if (start.startsWith("version https://git-lfs")) {
    const actual = "a Git LFS pointer; deploy the file that it stands for";
    throw new DownloadError(url, status, expected, actual);
  }
}
