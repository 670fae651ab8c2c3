/** All networks of a large catalogue, of which the page lists the first, and a field to search them. */
import { element } from "../element.ts";
import { folded } from "../folded.ts";
import { t } from "../texts.ts";

const list = element("models");
const search = element("model-search") as HTMLInputElement;
const found = element("models-found");
const button = element("all-models");

/** Adds the rows of the other networks to the list. Raises TypeError where they cannot be downloaded. */
export async function showAll(): Promise<void> {
  const { src, integrity = "" } = button.dataset;
  const response = await fetch(src!, { integrity });
  if (!response.ok) throw new TypeError(`${response.url}: HTTP status ${response.status}`);
  const rows = document.createElement("template");
  rows.innerHTML = await response.text();
  const first = rows.content.querySelector("input")!;
  list.append(rows.content);
  list.classList.add("long");
  search.addEventListener("input", showMatches);
  element("model-search-row").hidden = false;
  button.parentElement!.hidden = true;
  // The button that had the focus is hidden; the row takes its place.
  first.focus({ preventScroll: true });
}

/** Lists the networks with all words of the search in their names; the chosen one stays. */
function showMatches(): void {
  const words = folded(search.value).split(/\s+/);
  const rows = [...list.querySelectorAll("input")];
  let count = 0;
  for (const input of rows) {
    const name = folded(`${input.dataset["title"]!} ${input.value}`);
    const matches = words.every((word) => name.includes(word));
    count += Number(matches);
    input.parentElement!.hidden = !matches && !input.checked;
  }
  found.textContent = search.value && t("{0} of {1}", count, rows.length);
}
