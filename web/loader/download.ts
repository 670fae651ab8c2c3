import { DownloadError, IntegrityError } from "./errors.ts";
import { sha256 } from "./integrity.ts";
import type { FileInfo } from "./manifest.ts";

/** How much of a file has arrived and was checked. */
export interface Progress {
  /** Bytes so far. */
  loaded: number;
  /** Bytes in all. */
  total: number;
  /** Path of the file inside the site. */
  file: string;
}

export interface DownloadOptions {
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Fetches one file of the site into one buffer and checks each of its blocks while the next arrives.
 * Nothing is returned before the last block was checked.
 */
export async function download(
  base: URL,
  file: FileInfo,
  { onProgress, signal }: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL(file.path, base).href;
  const expected = `${file.size} bytes`;
  // "no-cache" asks the server whether the stored copy is still the right one.
  const response = await request(url, expected, signal, "no-cache");
  const bytes = new Uint8Array(file.size);
  const { size: blockSize, sha256: hashes } = file.blocks;
  const checks: Promise<void>[] = [];
  const checkBlock = async (start: number): Promise<void> => {
    const block = bytes.subarray(start, start + blockSize);
    const wanted = hashes[start / blockSize] ?? "";
    const actual = await sha256(block);
    if (actual !== wanted) {
      const where = `bytes ${start} to ${start + block.length - 1}`;
      throw new IntegrityError(url, wanted, actual, hashes.length > 1 ? where : "");
    }
  };

  let loaded = 0;
  onProgress?.({ loaded, total: file.size, file: file.path });
  for await (const chunk of chunksOf(response, url, expected, signal)) {
    if (loaded === 0) refuseStandIns(url, response.status, expected, chunk);
    if (loaded + chunk.length > file.size) {
      throw new IntegrityError(
        url,
        `${file.size} bytes`,
        `at least ${loaded + chunk.length} bytes`,
      );
    }
    bytes.set(chunk, loaded);
    const checked = Math.floor(loaded / blockSize);
    loaded += chunk.length;
    const complete = loaded === file.size ? hashes.length : Math.floor(loaded / blockSize);
    for (let block = checked; block < complete; block++) {
      const check = checkBlock(block * blockSize);
      check.catch(() => {}); // awaited below; a failure in between is not unhandled
      checks.push(check);
    }
    onProgress?.({ loaded, total: file.size, file: file.path });
  }
  if (loaded < file.size) throw new IntegrityError(url, expected, `${loaded} bytes`);
  await Promise.all(checks);
  return bytes;
}

/** Fetches a small file whole; the caller checks it. */
export async function fetchBytes(
  url: string,
  { signal, cache }: { signal?: AbortSignal | undefined; cache: RequestCache },
): Promise<Uint8Array<ArrayBuffer>> {
  const expected = "a file of this site";
  const response = await request(url, expected, signal, cache);
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
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: signal ?? null, cache });
  } catch (error) {
    throw interrupted(error, url, expected, signal);
  }
  if (!response.ok) {
    throw new DownloadError(url, response.status, expected, `HTTP status ${response.status}`);
  }
  return response;
}

async function* chunksOf(
  response: Response,
  url: string,
  expected: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw interrupted(error, url, expected, signal);
  } finally {
    // Also on the way out through an error of the consumer: the rest need not be downloaded.
    reader.cancel().catch(() => {});
  }
}

function interrupted(
  error: unknown,
  url: string,
  expected: string,
  signal: AbortSignal | undefined,
): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof DownloadError) return error;
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
