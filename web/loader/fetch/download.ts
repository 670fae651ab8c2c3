import { DownloadError, IntegrityError } from "../api/errors.ts";
import type { FileInfo } from "../api/manifest.ts";
import type { Progress } from "../api/progress.ts";
import { readBody } from "./body.ts";
import { InactivityTimeout, STALL_TIMEOUT } from "./concurrency/inactivity.ts";
import { sha256 } from "./integrity.ts";

export interface DownloadOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds without a byte after which a connection is aborted. */
  stallTimeout?: number | undefined;
}

/** Bytes by which an error page or a placeholder is recognized. */
const HEAD = 64;

/**
 * Downloads one part and checks it; `arrived` is called with the size of each piece. Raises DownloadError,
 * IntegrityError, or the signal's reason.
 */
export async function fetchPart(
  base: URL,
  part: FileInfo,
  cache: RequestCache,
  options: DownloadOptions,
  arrived: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await receivePart(base, part, cache, options, arrived);
  const actual = await sha256(bytes);
  if (actual === part.sha256) return bytes;
  throw new IntegrityError(new URL(part.path, base).href, part.sha256, actual);
}

/** `fetchPart` of which the caller checks the hash; the size is as expected. */
export async function receivePart(
  base: URL,
  part: Pick<FileInfo, "path" | "size">,
  cache: RequestCache,
  options: DownloadOptions,
  arrived: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(part.path, base).href;
  const expected = `${part.size} bytes`;
  let loaded = 0;
  const bytes = await abortStalled(url, expected, options, async (timeout) => {
    const response = await request(url, timeout.signal, cache, expected);
    return readBody(response, part.size, (read) => {
      timeout.restart();
      if (loaded < HEAD) refusePlaceholders(url, response.status, expected, read);
      if (read.length > part.size) {
        throw new IntegrityError(url, expected, `at least ${read.length} bytes`);
      }
      arrived(read.length - loaded);
      loaded = read.length;
    });
  });
  if (loaded < part.size) throw new IntegrityError(url, expected, `${loaded} bytes`);
  return bytes;
}

/** Downloads a small file, which the caller checks. */
export async function fetchBytes(
  url: string,
  cache: RequestCache,
  {
    integrity,
    expected = "a file of this site",
    ...options
  }: DownloadOptions & { integrity?: string; expected?: string } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return abortStalled(url, expected, options, async ({ signal }) => {
    const response = await request(url, signal, cache, expected, integrity);
    const bytes = new Uint8Array(await response.arrayBuffer());
    refusePlaceholders(url, response.status, expected, bytes);
    return bytes;
  });
}

/** Runs `task` with a signal that aborts on inactivity. Raises DownloadError, IntegrityError or the signal's reason. */
async function abortStalled<T>(
  url: string,
  expected: string,
  { signal, stallTimeout = STALL_TIMEOUT }: DownloadOptions,
  task: (timeout: InactivityTimeout) => Promise<T>,
): Promise<T> {
  const timeout = new InactivityTimeout(stallTimeout, signal);
  try {
    return await task(timeout);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DownloadError || error instanceof IntegrityError) throw error;
    const actual = timeout.expired
      ? `nothing for ${stallTimeout / 1000} s; is the network up?`
      : "no answer, or one that broke off; is the network up?";
    throw new DownloadError(url, 0, expected, actual, error);
  } finally {
    timeout.stop();
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
    response.body?.cancel().catch(() => {}); // else its connection stays open
    throw new DownloadError(url, response.status, expected, `HTTP status ${response.status}`);
  }
  return response;
}

/** Refuses what servers send with status 200 in place of a file. Raises DownloadError. */
function refusePlaceholders(url: string, status: number, expected: string, head: Uint8Array): void {
  const start = new TextDecoder().decode(head.subarray(0, HEAD)).trimStart().toLowerCase();
  if (start.startsWith("<!doctype html") || start.startsWith("<html")) {
    const actual = "an HTML page, which many servers send for a missing file";
    throw new DownloadError(url, status, expected, actual);
  }
  if (start.startsWith("version https://git-lfs")) {
    const actual = "a Git LFS pointer; deploy the file itself";
    throw new DownloadError(url, status, expected, actual);
  }
}
