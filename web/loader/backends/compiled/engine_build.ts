import type { EngineBuild } from "../../api/manifest.ts";

/** A minimal module with a relaxed SIMD instruction (WebAssembly 3.0), to detect support. */
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 128, 2, 11,
];

/** The engine's build for this browser and number of threads. */
export function engineBuild(threads: number): EngineBuild {
  const simd = WebAssembly.validate(new Uint8Array(RELAXED)) ? "relaxed" : "plain";
  return threads > 1 ? `${simd}_threads` : simd;
}
