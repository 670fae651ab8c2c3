import type { Manifest, ModelInfo, VariantInfo } from "../api/manifest.ts";
import type { Delivery } from "../fetch/delivery.ts";

/** What a backend is made of. */
export interface Ingredients {
  base: URL;
  manifest: Manifest;
  info: ModelInfo;
  variant: VariantInfo;
  delivery: Delivery;
  /** For what several models share, which goes on as long as one of them waits for it. */
  deliveryUntil: (signal: AbortSignal) => Delivery;
  signal: AbortSignal;
  /** The parts of the weights, as long as several backends are tried. */
  kept?: Promise<Uint8Array<ArrayBuffer>>[] | undefined;
}
