/** Letters in one form, so that a search finds them however they are typed. */
export function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}
