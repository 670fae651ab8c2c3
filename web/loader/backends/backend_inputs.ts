import type { Manifest, ModelInfo, VariantInfo } from "../api/manifest.ts";
import type { Delivery } from "../fetch/delivery.ts";
import type { Overall } from "../fetch/overall.ts";

/** What a backend is created from. */
export interface BackendInputs {
  base: URL;
  manifest: Manifest;
  info: ModelInfo;
  variant: VariantInfo;
  delivery: Delivery;
  /** A delivery with its own signal, for files that several models share. */
  deliveryUntil: (signal: AbortSignal) => Delivery;
  signal: AbortSignal;
  /** The progress of all files. */
  overall: Overall;
  /** The parts of the weights, while several backends are tried. */
  weights?: Promise<Uint8Array<ArrayBuffer>>[] | undefined;
}
