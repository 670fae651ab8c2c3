/** Numbers in words. */

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** As the pages' `megabytes` in Python: of small models 0.0 would be no figure. */
export function megabytes(bytes: number): string {
  if (bytes <= 0 || bytes >= 100_000) return (bytes / 1e6).toFixed(1);
  return String(Number((Math.max(bytes, 100) / 1e6).toPrecision(1)));
}

export function count(number: number): string {
  return number.toLocaleString("en");
}
