/** Bars of an answer in a table or a comparison, built from the page's template. */
import { element } from "../element.ts";
import { percent } from "./result.ts";
import type { Result } from "./result.ts";

/** Of many labels, the most probable. */
const FEW = 6;
const TOP = 5;

/** One line for each probability; of many, for the highest ones. */
export function barsOf({ scores, indices }: Result): HTMLElement[] {
  const template = element("bar") as HTMLTemplateElement;
  const lines = scores.map(([name, score], index) => ({ name, score, index }));
  const shown = lines.length > FEW ? lines.sort((a, b) => b.score - a.score).slice(0, TOP) : lines;
  return shown.map(({ name, score, index }) => {
    const line = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
    line.className = indices.includes(index) ? "best" : "";
    line.querySelector(".bar-name")!.textContent = name;
    line.querySelector(".bar-value")!.textContent = percent(score);
    line.querySelector<HTMLElement>(".bar span")!.style.width = `${100 * score}%`;
    return line;
  });
}
