import { IntegrityError } from "../api/errors.ts";
import { prepareHashing } from "./chunks.ts";
import { fetchBytes } from "./download.ts";
import { sha256 } from "./integrity.ts";

/** What the build calls this script (converter/parts.py). */
const NAMED_BY_HASH = /-([0-9a-f]{32})\.js$/;

/**
 * The address of this script, to start it again as a worker, after a look at whether it still has the bytes that its
 * name says: browsers check no worker's hash. Raises DownloadError or IntegrityError.
 */
export async function checkOwnScript(): Promise<URL> {
  const url = new URL(import.meta.url);
  await prepareHashing(new URL("./", url));
  const [, expected] = NAMED_BY_HASH.exec(url.pathname) ?? [];
  // As the page got it and as the worker will: out of the browser's own store where it is kept there.
  const actual = await sha256(await fetchBytes(url.href, "force-cache"));
  if (!expected || !actual.startsWith(expected)) {
    throw new IntegrityError(url.href, expected ?? "a name with a hash", actual);
  }
  return url;
}
