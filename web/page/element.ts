/** The element of the page's template with this id. */
export function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** `integrity` of the manifest, which the page's HTML states. */
export const manifestIntegrity = document.documentElement.dataset["manifest"]!;
