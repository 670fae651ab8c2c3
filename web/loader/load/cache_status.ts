import type { CacheOptions, CacheStatus } from "../api/cache.ts";
import { memoryName } from "../backends/backend_cache.ts";
import { nameOf, refusal, UNAVAILABLE } from "../fetch/part_cache.ts";
import { siteURL } from "../fetch/manifest/read.ts";

/** What is kept on this device for a site. */
export async function cacheStatus({ baseURL }: CacheOptions = {}): Promise<CacheStatus> {
  const name = nameOf(siteURL(baseURL));
  const status: CacheStatus = { available: true, reason: "", parts: 0, bytes: 0 };
  try {
    if (!globalThis.caches) return { ...status, available: false, reason: UNAVAILABLE };
    // Asked for first, because opening it makes one.
    if (!(await caches.has(name))) return status;
    const cache = await caches.open(name);
    for (const key of await cache.keys()) {
      const response = await cache.match(key);
      if (!response) continue;
      status.parts++;
      status.bytes += Number(response.headers.get("Content-Length"));
    }
    return status;
  } catch (error) {
    return { ...status, available: false, reason: refusal(error) };
  }
}

/** Forgets everything kept on this device for a site; false where there was nothing. */
export async function clearCache({ baseURL }: CacheOptions = {}): Promise<boolean> {
  const name = nameOf(siteURL(baseURL));
  try {
    if (!globalThis.caches) return false;
    await caches.delete(memoryName(siteURL(baseURL)));
    return await caches.delete(name);
  } catch {
    // A browser that refuses this has kept nothing either.
    return false;
  }
}
