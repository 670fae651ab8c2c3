/** Progress of one file: bytes that arrived, or that were read from the cache. */
export interface Progress {
  loaded: number;
  total: number;
  /** Such as `mobilenet_emotion/int8`. */
  file: string;
  overall: OverallProgress;
}

/** Progress of all files of one load. */
export interface OverallProgress {
  /** Never decreases. */
  loaded: number;
  /** Known at the first call; increases only where another backend has to be tried. */
  total: number;
  /** `loaded` as a share of `total`, 0 to 1. */
  fraction: number;
}
