/** Two networks on the same picture, side by side. */
import { loadModel } from "../../loader/torch2web.ts";
import type { AnyPrediction, LoadedModelInfo } from "../../loader/torch2web.ts";
import { element, manifestIntegrity } from "../element.ts";
import { t } from "../texts.ts";
import { barsOf } from "../results/bars.ts";
import { percent, resultOf, type Result } from "../results/result.ts";
import type { Choice, PageModel } from "../choice.ts";
import type { Session } from "../session.ts";

const chooser = element("compare-network") as HTMLSelectElement;
const verdict = element("compare-verdict");
const download = element("compare-download");

interface Side {
  info: LoadedModelInfo;
  result: Result;
}

export function createComparison(session: Session): { open: (isOpen: boolean) => void } {
  let isOpen = false;
  let turn = 0;
  /** Name of the network whose large download the visitor wants. */
  let allowed = "";
  /** The other network; the first one is the page's. */
  let other: { name: string; model: Promise<PageModel> } | undefined;

  const free = (): void => {
    other?.model.then((model) => model.dispose()).catch(() => {});
    other = undefined;
  };

  const load = ({ name, task }: Choice): Promise<PageModel> => {
    if (other?.name === name) return other.model;
    free();
    const model = loadModel(name, {
      task,
      integrity: manifestIntegrity,
      onProgress: ({ overall: { loaded, total } }) => {
        if (other?.model === model)
          showText(2, t("{0} of {1} MB …", megabytes(loaded), megabytes(total)));
      },
    });
    other = { name, model };
    model.catch(() => {
      if (other?.model === model) other = undefined;
    });
    return model;
  };

  const compare = async (): Promise<void> => {
    const mine = ++turn;
    download.hidden = true;
    const answer = session.answer();
    offer(session);
    const choice = session.choices().find(({ name }) => name === chooser.value);
    if (!answer || !choice || "embedding" in answer.prediction) {
      for (const side of [1, 2]) showText(side, "–");
      verdict.textContent = answer
        ? t("The chosen network gives no answer to compare: choose another one.")
        : t("Choose a picture to compare them on.");
      return;
    }
    const first = show(1, answer.model, answer.prediction);
    showText(2, "…");
    verdict.textContent = "";
    try {
      if (
        other?.name !== choice.name &&
        choice.name !== allowed &&
        (await session.isLarge(choice))
      ) {
        if (mine !== turn) return;
        showText(2, "–");
        download.textContent = t("Download {0} MB", megabytes(choice.bytes));
        download.hidden = false;
        return;
      }
      const model = await load(choice);
      const prediction = await model.predict(answer.image);
      if (mine !== turn) return;
      const second = show(2, model, prediction);
      verdict.textContent = compareResults(first, second);
    } catch (error) {
      const { title } = await session.explain(error, answer.image);
      if (mine === turn) showText(2, title);
    }
  };

  chooser.addEventListener("change", () => void compare());
  download.addEventListener("click", () => {
    allowed = chooser.value;
    void compare();
  });
  session.onAnswer(() => {
    if (isOpen) void compare();
  });
  return {
    open: (open) => {
      isOpen = open;
      if (open) void compare();
      else {
        turn++;
        free();
      }
    },
  };
}

/** Lists the networks besides the chosen one; keeps the choice where it is one of them. */
function offer(session: Session): void {
  const before = chooser.value;
  const first = session.chosen();
  const others = session.choices().filter(({ name, task, members }) => {
    return name !== first.name && task !== "embedding" && !members;
  });
  chooser.replaceChildren(
    ...others.map(({ name, title }) => new Option(title, name, false, name === before)),
  );
  element("compare-title").textContent = first.title;
}

function show(side: number, model: PageModel, prediction: AnyPrediction): Side {
  const result = resultOf(model.info, prediction);
  const { answer, confidence } = result;
  const more = confidence === undefined ? "" : ` ${percent(confidence)}`;
  showText(side, answer, more, `${Math.round(prediction.timings.total)} ms`);
  const areNumbers = "values" in prediction;
  element(`compare-bars-${side}`).replaceChildren(...(areNumbers ? [] : barsOf(result)));
  return { info: model.info, result };
}

function showText(side: number, answer: string, more = "", time = ""): void {
  element(`compare-answer-${side}`).textContent = answer;
  element(`compare-more-${side}`).textContent = more;
  element(`compare-time-${side}`).textContent = time;
  if (!time) element(`compare-bars-${side}`).replaceChildren();
}

/** Whether they agree, where their labels are the same. */
function compareResults(first: Side, second: Side): string {
  const [one, other] = [first.result, second.result];
  if (first.info.labels.join("\n") !== second.info.labels.join("\n")) {
    return t("These networks have different labels.");
  }
  if (first.info.task?.kind === "regression") return "";
  if (one.answer !== other.answer) return t("They do not agree.");
  const differences = one.scores.map(([, score], at) => Math.abs(score - other.scores[at]![1]));
  const largest = 100 * Math.max(...differences);
  return t("They agree; their percentages differ by up to {0} points.", largest.toFixed(1));
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
