import { DecodeError, DownloadError } from "../api/errors.ts";
import { fetchBytes } from "../fetch/download.ts";

/** Milliseconds for the whole file. */
const TIME_LIMIT = 60_000;

/** The file at an address, relative to the page's own. Raises DecodeError, DownloadError, and the signal's reason. */
export async function fetchImage(
  address: string | URL,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  let url: URL;
  try {
    url = new URL(address, (globalThis as { document?: Document }).document?.baseURI);
  } catch (error) {
    const given = JSON.stringify(String(address)).slice(0, 100);
    throw new DecodeError(`${given} is not the URL of an image.`, { cause: error });
  }
  const expected = "an image, which another origin has to allow this page to read (CORS)";
  const options = { expected, signal, stallTimeout: TIME_LIMIT };
  try {
    return new Blob([await fetchBytes(url.href, "default", options)]);
  } catch (error) {
    if (!(error instanceof DownloadError) || error.status) throw error;
    // A cached copy that was fetched without CORS has no CORS headers.
    return new Blob([await fetchBytes(url.href, "reload", options)]);
  }
}
