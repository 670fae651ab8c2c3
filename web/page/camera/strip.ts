/** Draws the last minute as a line for each label. */
import { element } from "../element.ts";
import { t } from "../texts.ts";
import { SPAN, type LastMinute, type Point } from "./last_minute.ts";

/** Lines, at most: so many colours can be told apart. page.css has them as --series-1 to --series-6. */
const LINES = 6;
/** Of many labels. */
const TOP = 5;

/** Dashes besides the colours, for those who see no colours. In CSS pixels. */
const DASHES = [[], [7, 3], [2, 3], [9, 3, 2, 3], [12, 5], [1, 2]];

/** Milliseconds between two drawings: the eye follows no more. */
const DRAW_EVERY = 100;
/** Milliseconds between two choices of lines and texts. */
const CHOOSE_EVERY = 1_000;

const canvas = element("strip-canvas") as HTMLCanvasElement;
const legend = element("strip-legend");
const template = element("strip-entry") as HTMLTemplateElement;

/** What is drawn. */
export interface Series {
  labels: readonly string[];
  /** Lowest and highest value, where they are no probabilities. */
  range?: readonly [number, number] | undefined;
  /** How a value is written. */
  write: (value: number) => string;
}

export class Strip {
  readonly #minute: LastMinute;
  #lines: number[] = [];
  #drawn = -Infinity;
  #chosen = -Infinity;

  constructor(minute: LastMinute) {
    this.#minute = minute;
  }

  /** Forgets what was drawn, as when another network answers. */
  clear(): void {
    this.#lines = [];
    this.#drawn = this.#chosen = -Infinity;
    legend.replaceChildren();
    canvas.getContext("2d")!.clearRect(0, 0, canvas.width, canvas.height);
    canvas.setAttribute("aria-label", t("The last minute: nothing yet."));
  }

  /** Draws the minute before `now`, unless it has just been drawn. */
  show(series: Series, now: number): void {
    if (now - this.#drawn < DRAW_EVERY) return;
    this.#drawn = now;
    if (now - this.#chosen >= CHOOSE_EVERY) {
      this.#chosen = now;
      this.#choose(series, now);
    }
    const { range = [0, 1] } = series;
    const runs = this.#minute.runs(now);
    const elapsed = now - (runs[0]?.[0]?.time ?? now);
    const plot = preparePlot(range, Math.min(Math.max(elapsed, SHORTEST), SPAN));
    runs.forEach((run) => {
      this.#lines.forEach((label, line) => drawLine(plot, line, run, label, now));
    });
  }

  #choose({ labels, write, range }: Series, now: number): void {
    const most = labels.length > LINES ? TOP : LINES;
    const lines = this.#minute.strongest(now, labels.length, most);
    if (lines.join() !== this.#lines.join()) {
      this.#lines = lines;
      legend.replaceChildren(...lines.map((label, line) => entry(labels[label]!, line)));
    }
    const shares = this.#minute.shares(now, labels.length);
    const newest = this.#minute.runs(now).at(-1)?.at(-1);
    const texts = lines.map((label, line) => {
      const current = write(newest?.scores[label] ?? 0);
      const share = t("{0} % of the time", Math.round(100 * shares[label]!));
      const text = range ? current : share;
      legend.children[line]!.querySelector(".strip-share")!.textContent = text;
      return range
        ? `${labels[label]} ${current}`
        : t("{0} {1}, now {2}", labels[label]!, share, current);
    });
    canvas.setAttribute("aria-label", t("The last minute: {0}.", texts.join("; ")));
  }
}

function entry(label: string, line: number): HTMLElement {
  const item = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  item.querySelector("bdi")!.textContent = label;
  const swatch = item.querySelector("line")!;
  swatch.style.stroke = `var(--series-${line + 1})`;
  swatch.setAttribute("stroke-dasharray", DASHES[line]!.join(" "));
  return item;
}

interface Plot {
  context: CanvasRenderingContext2D;
  style: CSSStyleDeclaration;
  width: number;
  height: number;
  range: readonly [number, number];
  /** Milliseconds from its left edge to the right one, which is now. */
  span: number;
}

/** Milliseconds that are drawn at least; more as time goes by, up to the minute. */
const SHORTEST = 10_000;

/** Room above and below the lines, so that 0 % and 100 % are not cut. */
const MARGIN = 3;

/** Clears the canvas, and draws the grid: a line for every half of the range, and for every 10 s. */
function preparePlot(range: readonly [number, number], span: number): Plot {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  const size = [Math.round(width * scale), Math.round(height * scale)] as const;
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  const context = canvas.getContext("2d")!;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  context.strokeStyle = style.getPropertyValue("--line");
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(MARGIN + share * (height - 2 * MARGIN)) + 0.5;
    context.moveTo(0, y);
    context.lineTo(width, y);
  }
  for (let ago = 10_000; ago < span; ago += 10_000) {
    const x = Math.round(width * (1 - ago / span)) + 0.5;
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
  return { context, style, width, height, range, span };
}

function drawLine(plot: Plot, line: number, run: Point[], label: number, now: number): void {
  const { context, style, width, height, range, span } = plot;
  const [lowest, highest] = range;
  context.strokeStyle = style.getPropertyValue(`--series-${line + 1}`);
  context.lineWidth = 2;
  context.lineJoin = "round";
  context.setLineDash(DASHES[line]!);
  context.beginPath();
  for (const { time, scores } of run) {
    const share = (scores[label]! - lowest) / (highest - lowest || 1);
    context.lineTo(width * (1 - (now - time) / span), MARGIN + (1 - share) * (height - 2 * MARGIN));
  }
  context.stroke();
}
