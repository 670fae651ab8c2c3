/** Many pictures, one after the other, in a table. */
import { element } from "../element.ts";
import { t } from "../texts.ts";
import { saveCSV, saveJSON, type Line } from "../results/export.ts";
import { percent, resultOf } from "../results/result.ts";
import { drawThumbnail } from "../results/thumbnail.ts";
import type { PageModel } from "../choice.ts";
import type { Session } from "../session.ts";
import { filesOf, pathOf, picturesIn } from "./files.ts";

/** Pictures that the table shows; the saved files have all. */
const SHOWN = 500;

const progress = element("batch-progress") as HTMLProgressElement;
const rows = element("batch-rows");
const template = element("batch-row") as HTMLTemplateElement;
const said = element("batch-said");
const panel = element("batch") as HTMLDetailsElement;

export interface Batch {
  /** Files that were chosen one by one: each gets a line. */
  start: (files: readonly File[]) => void;
  /** Of a folder, the pictures. */
  startFolder: (files: readonly File[]) => void;
  /** What was dropped. */
  startEntries: (entries: readonly FileSystemEntry[]) => Promise<void>;
}

export function createBatch(session: Session): Batch {
  let lines: Line[] = [];
  let abort = new AbortController();

  const start = async (files: readonly File[]): Promise<void> => {
    abort.abort();
    abort = new AbortController();
    const { signal } = abort;
    const isStopped = (): boolean => signal.aborted;
    lines = [];
    rows.replaceChildren();
    panel.open = true;
    element("batch-run").hidden = false;
    panel.scrollIntoView({ block: "nearest" });
    if (files.length === 0) {
      finish(lines, 0, t("There is no picture among these files."));
      return;
    }
    const choice = session.chosen();
    if (choice.task === "embedding") {
      finish(
        lines,
        0,
        t("{0} compares two pictures: choose another network for many.", choice.title),
      );
      return;
    }
    element("batch-abort").hidden = false;
    progress.max = files.length;
    progress.value = 0;
    sayProgress(t("Loading the network …"));
    said.textContent = t("{0} pictures", files.length);
    try {
      const model = await session.modelFor(choice);
      for (const file of files) {
        if (isStopped()) break;
        const line = await lineOf(session, model, file, choice.title, signal);
        if (isStopped()) break;
        lines.push(line);
        if (lines.length <= SHOWN) await addRow(line, file);
        progress.value = lines.length;
        sayProgress(summary(lines, files.length));
      }
      if (lines.length === files.length || signal === abort.signal) {
        finish(lines, files.length, summary(lines, files.length));
      }
    } catch (error) {
      const { title, advice } = await session.explain(error);
      if (signal === abort.signal) finish(lines, files.length, `${title}. ${advice}`);
    }
  };

  session.onChoice(() => abort.abort()); // the network that answers is freed
  element("batch-abort").addEventListener("click", () => {
    abort.abort();
    element("batch-csv").focus();
  });
  element("batch-csv").addEventListener("click", () => saveCSV("pictures", lines));
  element("batch-json").addEventListener("click", () => saveJSON("pictures", lines));
  return {
    start: (files) => void start(files),
    startFolder: (files) => void start(picturesIn(files)),
    startEntries: async (entries) => start(await filesOf(entries)),
  };
}

async function lineOf(
  session: Session,
  model: PageModel,
  file: File,
  network: string,
  signal: AbortSignal,
): Promise<Line> {
  const line = { picture: pathOf(file), network, time: new Date() };
  try {
    const prediction = await model.predict(file, { signal });
    const result = resultOf(model.info, prediction);
    return { ...line, exact: prediction.exact, problem: "", result };
  } catch (error) {
    const { title } = await session.explain(error, file);
    return { ...line, exact: undefined, problem: title, result: undefined };
  }
}

async function addRow({ picture, result, problem }: Line, file: File): Promise<void> {
  const row = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const confidence = result?.confidence;
  row.querySelector(".file bdi")!.textContent = picture;
  const answer = row.querySelector<HTMLElement>(".answer")!;
  answer.textContent = result?.answer ?? problem;
  if (!result) answer.removeAttribute("lang"); // the page's words, not the catalogue's
  const cell = row.querySelector(".confidence")!;
  cell.textContent = confidence === undefined ? "" : percent(confidence);
  if (!result) {
    answer.closest("td")!.colSpan = 2; // room for a sentence
    cell.remove();
  }
  row.classList.toggle("failed", !result);
  rows.append(row);
  if (result) await drawThumbnail(row.querySelector("canvas")!, file);
}

/** How many are done, and how many of each answer there are. */
function summary(lines: readonly Line[], all: number): string {
  const failed = lines.filter(({ result }) => !result).length;
  const counts = new Map<string, number>();
  for (const { result } of lines) {
    if (result?.indices.length) counts.set(result.answer, (counts.get(result.answer) ?? 0) + 1);
  }
  const most = [...counts].sort(([, one], [, other]) => other - one).slice(0, 4);
  const parts = [
    t("{0} of {1}", lines.length, all),
    ...most.map(([label, count]) => `${label} ${count}`),
  ];
  if (failed > 0) parts.push(t("not read {0}", failed));
  return parts.join(" · ");
}

function sayProgress(text: string): void {
  element("batch-text").textContent = text;
}

function finish(lines: readonly Line[], all: number, text: string): void {
  element("batch-abort").hidden = true;
  element("batch-save").hidden = lines.length === 0;
  element("batch-more").hidden = lines.length <= SHOWN;
  if (all === 0) progress.value = 0;
  sayProgress(text);
  said.textContent = text;
}
