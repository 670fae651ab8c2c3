/** The cache of downloads on this device. */

export interface CacheOptions {
  /** Folder of the site's files; by default the folder of this script. */
  baseURL?: string | URL;
}

/** What is cached for one site. */
export interface CacheStatus {
  /** Whether this page can cache anything. */
  available: boolean;
  /** Why it cannot; empty where it can. */
  reason: string;
  parts: number;
  bytes: number;
}

/** Where the files of one load came from. */
export interface CacheReport {
  /** Whether downloads were cached. */
  kept: boolean;
  /** Why they were not, or not shared with other tabs; empty where they were. */
  reason: string;
  /** Bytes read from the cache. */
  fromCache: number;
  /** Bytes downloaded. */
  downloaded: number;
}
