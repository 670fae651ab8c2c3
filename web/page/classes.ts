/** The bars of an answer: a few classes in their own order; of many the most probable, the others on demand. */
import { element } from "./element.ts";

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
  top.replaceChildren(...(many ? ranked.slice(0, TOP) : classes).map(bar));
  element("all-title").textContent = `Show all ${count(classes.length)} classes`;
  all.hidden = !many;
  listFound();
}

/** Lines without a bar. */
export function showNumbers(numbers: readonly { name: string; text: string }[]): void {
  top.replaceChildren(...numbers.map(({ name, text }) => row(name, text, "number")));
}

export function clearClasses(): void {
  ranked = [];
  top.replaceChildren();
  list.replaceChildren();
  all.hidden = true;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Fills the list behind "Show all" with what is searched for; not before it is open. */
function listFound(): void {
  if (!all.open) return;
  const wanted = folded(search.value.trim());
  const found = ranked.filter(({ label }) => folded(label).includes(wanted));
  list.replaceChildren(...found.map(bar));
  element("found").textContent = wanted
    ? `${count(found.length)} of ${count(ranked.length)}`
    : "The most probable first";
}

function bar({ label, share, applies, threshold }: Class): HTMLElement {
  const line = row(label, percent(share), applies ? "best" : "");
  const track = line.querySelector<HTMLElement>(".bar")!;
  track.querySelector("span")!.style.width = `${100 * share}%`;
  if (threshold !== undefined) {
    track.classList.add("marked");
    track.style.setProperty("--threshold", `${100 * threshold}%`);
  }
  return line;
}

function row(name: string, value: string, className: string): HTMLElement {
  const line = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  line.className = className;
  line.querySelector(".bar-name")!.textContent = name;
  line.querySelector(".bar-value")!.textContent = value;
  return line;
}

/** Letters in one form, so that a search finds them however they are typed. */
function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase();
}

function count(number: number): string {
  return number.toLocaleString("en");
}

all.addEventListener("toggle", listFound);
search.addEventListener("input", listFound);
