import { BackendError } from "../api/errors.ts";

/** What the loader needs of its environment. */
const NEEDED = ["WebAssembly", "fetch", "Blob", "ImageData"];

/** Raises BackendError that names the environment where models cannot run or images cannot be decoded. */
export function requireEnvironment(): void {
  if ("ServiceWorkerGlobalScope" in globalThis) {
    throw new BackendError(
      "Service workers, such as the background of an extension, cannot import the loader's scripts later; " +
        "load the model in a page, a worker or an offscreen document.",
    );
  }
  const missing = NEEDED.filter((name) => !(name in globalThis));
  if (!missing.length) return;
  const { userAgent = "no browser" } =
    (globalThis.navigator as Partial<Navigator> | undefined) ?? {};
  throw new BackendError(
    `This environment (${userAgent}) has no ${missing.join(", ")}, which the loader needs; load the model in a browser.`,
  );
}
