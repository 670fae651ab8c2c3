import { BackendError } from "../api/errors.ts";
import { subtleCrypto } from "./subtle_crypto.ts";

type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** SHA-256 in JavaScript, where it was loaded. */
let fallback: Sha256 | undefined;

/** Sets the function to hash with where the browser's own SHA-256 is unavailable. */
export function setFallbackHash(sha256: Sha256): void {
  fallback = sha256;
}

/** SHA-256 of `bytes`, in hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = subtleCrypto();
  const digest = subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : fallback?.(bytes);
  if (!digest) {
    throw new BackendError(
      "Downloads cannot be checked: browsers hash only on pages from https:// or localhost. Serve this page over HTTPS.",
    );
  }
  return hex(digest);
}

/** A hex digest in the form of an `integrity` attribute. */
export function subresourceIntegrity(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return `sha256-${btoa(String.fromCharCode(...bytes))}`;
}

/** The hex digest of an `integrity`. Raises RangeError. */
export function hexOf(integrity: string): string {
  const [, digest] = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(integrity) ?? [];
  if (digest) return hex(Uint8Array.from(atob(digest), (letter) => letter.charCodeAt(0)));
  const found = JSON.stringify(integrity).slice(0, 100);
  throw new RangeError(
    `integrity: found ${found}, expected "sha256-" and 44 characters, as embed.html of the site shows it.`,
  );
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
