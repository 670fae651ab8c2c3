/** The bars of an answer: a few classes in their own order; of many the most probable, the others on demand. */
import { element } from "./element.ts";
import { folded } from "./folded.ts";
import { count, percent } from "./format.ts";
import { t } from "./texts.ts";

const FEW = 6;
const TOP = 5;

interface Class {
  /** Place in `model.info.labels`, which tells classes with the same label apart. */
  index: number;
  label: string;
  share: number;
  /** Whether it is answered. */
  applies: boolean;
  /** Share from which it is answered; undefined where the highest share is. */
  threshold: number | undefined;
}

const template = element("bar") as HTMLTemplateElement;
const top = element("bars");
const all = element("all") as HTMLDetailsElement;
const list = element("all-bars");
const search = element("search") as HTMLInputElement;

/** Of the current answer, the most probable first. */
let ranked: Class[] = [];

/** `answered` has the indices of the classes that are the answer. */
export function showClasses(
  labels: readonly string[],
  probabilities: readonly number[],
  answered: ReadonlySet<number>,
  thresholds: readonly number[] = [],
): void {
  const classes = labels.map((label, index) => ({
    index,
    label,
    share: probabilities[index]!,
    applies: answered.has(index),
    threshold: thresholds[index],
  }));
  ranked = [...classes].sort((one, other) => other.share - one.share);
  const many = classes.length > FEW;
  const shown = many ? ranked.slice(0, TOP) : classes;
  // The rows stay, so that their bars move and nothing else does.
  while (top.children.length > shown.length) top.lastElementChild!.remove();
  for (const [place, entry] of shown.entries()) fill(rowAt(place), entry);
  element("all-title").textContent = t("Show all {0} classes", count(classes.length));
  all.hidden = !many;
  listFound();
}

/** Lines without a bar. */
export function showNumbers(numbers: readonly { name: string; text: string }[]): void {
  all.hidden = true;
  top.replaceChildren(
    ...numbers.map(({ name, text }) => {
      const line = newRow();
      fillRow(line, name, text, "number");
      return line;
    }),
  );
}

/** Empties the rows, which keep their place. */
export function clearClasses(): void {
  ranked = [];
  for (const line of top.children as HTMLCollectionOf<HTMLElement>) {
    line.classList.remove("best");
    line.querySelector<HTMLElement>(".bar > span")!.style.width = "0";
    line.querySelector(".bar-value")!.textContent = "";
    if (all.hidden) continue;
    line.querySelector(".bar-name")!.textContent = "\u00a0";
  }
  list.replaceChildren();
  all.open = false;
}

/** Fills the list behind "Show all" with what is searched for; not before it is open. */
function listFound(): void {
  if (!all.open) return;
  const wanted = folded(search.value.trim());
  const found = ranked.filter(({ label }) => folded(label).includes(wanted));
  list.replaceChildren(...found.map(bar));
  element("found").textContent = wanted
    ? t("{0} of {1}", count(found.length), count(ranked.length))
    : t("The most probable first");
}

function bar(entry: Class): HTMLElement {
  const line = newRow();
  fill(line, entry);
  return line;
}

function fill(line: HTMLElement, { label, share, applies, threshold }: Class): void {
  fillRow(line, label, percent(share), applies ? "best" : "");
  const track = line.querySelector<HTMLElement>(".bar")!;
  track.querySelector("span")!.style.width = `${100 * share}%`;
  track.classList.toggle("marked", threshold !== undefined);
  if (threshold !== undefined) track.style.setProperty("--threshold", `${100 * threshold}%`);
}

function fillRow(line: HTMLElement, name: string, value: string, className: string): void {
  line.className = className;
  line.querySelector(".bar-name")!.textContent = name;
  line.querySelector(".bar-value")!.textContent = value;
}

function rowAt(place: number): HTMLElement {
  const line = top.children[place] as HTMLElement | undefined;
  return line ?? top.appendChild(newRow());
}

function newRow(): HTMLElement {
  return template.content.firstElementChild!.cloneNode(true) as HTMLElement;
}

all.addEventListener("toggle", listFound);
search.addEventListener("input", listFound);
