import type { BackendName } from "./backend.ts";
import type { DoubtfulAnswers } from "./doubt.ts";
import type { PreprocessingInfo } from "./preprocessing.ts";
import type { Progress } from "./progress.ts";
import type { Task } from "./task.ts";

/** PEM text, or the result of `crypto.subtle.importKey`. */
export type PublicKey = string | CryptoKey;

export interface LoadOptions {
  /** Folder of the site's files; by default the folder of this script. */
  baseURL?: string | URL;
  /** Name of one of the model's variants; by default the one that the build recommends. */
  variant?: string;
  /**
   * Allowed backends in order of preference; by default "compiled", then "webgpu" where it is faster than "wasm", then
   * "wasm".
   */
  backends?: readonly BackendName[];
  /**
   * Number of threads; by default a short trial decides. More than one need a cross-origin isolated page. Threads are
   * workers, whose scripts browsers start without checking their hash.
   */
  threads?: number;
  /**
   * Whether to run in a worker, so that the page stays responsive; by default true where workers are available.
   * Browsers start a worker's script without checking its hash: the loader checks it just before. The URL of a file of the
   * page's own origin that imports torch2web.js is for pages of another origin whose policy forbids `blob:` workers.
   */
  worker?: boolean | string | URL;
  /** Whether to apply the Exif orientation of files; by default as the catalogue says. */
  orientation?: PreprocessingInfo["exif_orientation"] | undefined;
  /** Whether to cache downloads on this device; by default true. */
  cache?: boolean;
  /**
   * Milliseconds without a byte after which a connection is aborted, and in which an image has to be read; by default
   * 30,000.
   */
  stallTimeout?: number;
  /** Called as each file arrives; `overall` is the progress of all files together. */
  onProgress?: (progress: Progress) => void;
  /**
   * Called when answers turn out to be doubtful: the backend that gave them has failed a later check. The next one is
   * loaded and checked then; `model.backend` says which, and why.
   */
  onDoubtful?: (doubt: DoubtfulAnswers) => void;
  /** Aborts the load. */
  signal?: AbortSignal;
  /**
   * Hash of the site's model_info.json (`sha256-…`), which states those of all other files: any other file raises
   * IntegrityError. By default the one in torch2web.js. The npm package has none; it warns once where nothing is pinned.
   */
  integrity?: string | undefined;
  /**
   * Loads only a site whose model_info.json is signed with the matching private key: ECDSA on P-256, as PEM text
   * (`-----BEGIN PUBLIC KEY-----`) or a CryptoKey with the usage `verify`.
   */
  publicKey?: PublicKey;
}

/** Options for a model of any task. */
export interface AnyLoadOptions extends LoadOptions {
  /**
   * What the model has to be for: another one raises ManifestError. The types of its predictions follow. Needed to predict
   * with a model that is no classifier.
   */
  task?: Task | undefined;
}
