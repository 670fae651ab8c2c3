/** Numbers in words. */

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

export function count(number: number): string {
  return number.toLocaleString("en");
}
