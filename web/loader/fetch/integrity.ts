import { BackendError } from "../api/errors.ts";

/** SHA-256 in script, once it is there. */
let inScript: ((bytes: Uint8Array) => Uint8Array) | undefined;

/** Hash by `script` where the browser's own SHA-256 is out of reach. */
export function hashBy(script: (bytes: Uint8Array) => Uint8Array): void {
  inScript = script;
}

/** SHA-256 of `bytes`, in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Typed as always there, but absent where a page is served over plain HTTP.
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle && !inScript) {
    throw new BackendError(
      "This page cannot check what it downloads: browsers hash only for pages from https:// or localhost. " +
        "Serve it over HTTPS.",
    );
  }
  const digest = subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : inScript!(bytes);
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A hex digest as an `integrity` attribute has it. */
export function subresourceIntegrity(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}
