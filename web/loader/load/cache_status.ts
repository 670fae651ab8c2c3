import type { CacheOptions, CacheStatus } from "../api/cache.ts";
import { backendCacheName } from "../backends/backend_cache.ts";
import {
  cacheName,
  cacheStorage,
  inTime,
  isPart,
  refusal,
  UNAVAILABLE,
} from "../fetch/part_cache.ts";
import { siteURL } from "../fetch/site_url.ts";

/** What is cached on this device for a site. */
export async function cacheStatus({ baseURL }: CacheOptions = {}): Promise<CacheStatus> {
  const name = cacheName(siteURL(baseURL));
  const status: CacheStatus = { available: true, reason: "", parts: 0, bytes: 0 };
  try {
    if (!cacheStorage()) return { ...status, available: false, reason: UNAVAILABLE };
    // Checked first, because open() creates the cache.
    if (!(await inTime(caches.has(name)))) return status;
    const cache = await inTime(caches.open(name));
    const keys = await inTime(cache.keys());
    for (const key of keys.filter(({ url }) => isPart(url))) {
      const response = await inTime(cache.match(key));
      if (!response) continue;
      status.parts++;
      status.bytes += Number(response.headers.get("Content-Length"));
    }
    return status;
  } catch (error) {
    return { ...status, available: false, reason: refusal(error) };
  }
}

/** Deletes everything cached on this device for a site; false if there was nothing. */
export async function clearCache({ baseURL }: CacheOptions = {}): Promise<boolean> {
  const base = siteURL(baseURL);
  try {
    if (!cacheStorage()) return false;
    await inTime(caches.delete(backendCacheName(base)));
    return await inTime(caches.delete(cacheName(base)));
  } catch {
    return false; // a browser that refuses this has cached nothing
  }
}
