/** Progress of one file: bytes that arrived, or that were read from the cache. */
export interface Progress {
  loaded: number;
  total: number;
  /** Such as `mobilenet_emotion/int8`. */
  file: string;
}
