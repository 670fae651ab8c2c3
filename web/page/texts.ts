/** The page's own words, in its language. */

/** By the English text; index.html has them where the page is not English. */
const translated = JSON.parse(document.getElementById("texts")?.textContent ?? "{}") as Record<
  string,
  string
>;

/** A text in the page's language, `{0}` and so on replaced by the values. The build collects the texts of these calls. */
export function t(english: string, ...values: (string | number)[]): string {
  return (translated[english] ?? english).replace(/\{(\d)\}/g, (number, at: string) =>
    String(values[Number(at)] ?? number),
  );
}
