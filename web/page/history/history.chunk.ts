/** The answers since the page was opened, in a table. */
import { element } from "../element.ts";
import { t } from "../texts.ts";
import { saveCSV, saveJSON, type Line } from "../results/export.ts";
import { percent, resultOf } from "../results/result.ts";
import { drawThumbnail } from "../results/thumbnail.ts";
import type { Answer, Session } from "../session.ts";

/** An answer, and when it was given. */
export interface Entry extends Answer {
  time: Date;
  /** Whether a later check found its backend wrong. */
  doubtful: boolean;
}

const rows = element("history-rows");
const template = element("history-row") as HTMLTemplateElement;

/** Shows `entries`, the latest first, each later one that `add` is given, and by `update` what changed in them. */
export function createHistory(
  session: Session,
  entries: Entry[],
): { add: (entry: Entry) => void; update: () => void } {
  const lines = (): Line[] => entries.map(lineOf);
  const showTable = (): void => {
    const isEmpty = entries.length === 0;
    element("history-empty").hidden = !isEmpty;
    element("history-table").hidden = isEmpty;
  };
  const add = (entry: Entry): void => {
    rows.prepend(rowOf(session, entry));
    while (rows.children.length > entries.length) rows.lastElementChild!.remove();
    showTable();
  };
  const update = (): void => {
    rows.replaceChildren(...entries.map((entry) => rowOf(session, entry)).reverse());
    showTable();
  };
  element("history-csv").addEventListener("click", () => saveCSV("answers", lines()));
  element("history-json").addEventListener("click", () => saveJSON("answers", lines()));
  element("history-clear").addEventListener("click", () => {
    entries.length = 0;
    update();
    element("history").querySelector("summary")!.focus();
  });
  update();
  return { add, update };
}

function rowOf(session: Session, entry: Entry): HTMLElement {
  const row = template.content.firstElementChild!.cloneNode(true) as HTMLElement;
  const { result, picture, network, time, doubtful } = lineOf(entry);
  row.querySelector<HTMLElement>(".doubt")!.hidden = !doubtful;
  const cells = [
    ["answer", result!.answer],
    ["confidence", result!.confidence === undefined ? "" : percent(result!.confidence)],
    ["network", network],
    ["time", time.toLocaleTimeString()],
  ] as const;
  for (const [name, text] of cells) row.querySelector(`.${name}`)!.textContent = text;
  const button = row.querySelector("button")!;
  button.setAttribute("aria-label", t("Show {0} again", picture));
  button.addEventListener("click", () => {
    session.chooseBlob(entry.image, entry.title);
    element("app").scrollIntoView();
  });
  void drawThumbnail(row.querySelector("canvas")!, entry.image);
  return row;
}

function lineOf({ model, prediction, title, choice, time, doubtful }: Entry): Line {
  return {
    picture: title || t("picture"),
    network: choice.title,
    time,
    exact: prediction.exact,
    doubtful,
    problem: "",
    result: resultOf(model.info, prediction),
  };
}
