/** WebCrypto; absent on pages from plain HTTP, which TypeScript's types do not say. */
export function subtleCrypto(): SubtleCrypto | undefined {
  return (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
}
