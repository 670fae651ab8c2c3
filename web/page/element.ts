/** The element of the page's template with this id. */
export function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}
