/** The map over the picture of where the network found its answer. */
import type { Prediction } from "../../loader/torch2web.ts";
import { element } from "../element.ts";
import { t } from "../texts.ts";
import type { Answer, Session } from "../session.ts";
import { drawHeatmap, type Drawn } from "./draw.ts";

const canvas = element("heat") as HTMLCanvasElement;
const toggle = element("heat-toggle");
const options = element("heat-options");
const strength = element("heat-strength") as HTMLInputElement;
const chooser = element("heat-label") as HTMLSelectElement;
const note = element("heat-note");
const preview = element("preview") as HTMLImageElement;

/** Labels that can be chosen from; of more, the map shows the answer. */
const MANY = 30;

/** What `live.ts` drives. */
export interface HeatmapView {
  /** Shows or hides the map, and goes on so for later pictures. */
  toggle: () => void;
}

export function createHeatmap(session: Session): HeatmapView {
  let isOn = false;
  let turn = 0;

  const hide = (): void => {
    turn++;
    canvas.hidden = true;
    note.textContent = "";
  };

  const show = async (answer: Answer, label: true | number): Promise<void> => {
    const mine = ++turn;
    note.textContent = t("Looking …");
    try {
      const { model, image } = answer;
      const prediction = await model.predict(image, { heatmap: label });
      await preview.decode();
      if (mine !== turn) return;
      const { heatmap, orientation } = prediction as Prediction;
      const { naturalWidth: width, naturalHeight: height } = preview;
      const drawn = drawHeatmap(canvas, heatmap!, model.info, { width, height }, orientation);
      canvas.hidden = false;
      note.textContent = describe(heatmap!.label, drawn, heatmap!.width, heatmap!.height);
    } catch {
      if (mine === turn) note.textContent = t("There is no map of this picture.");
    }
  };

  const showCurrent = (): void => {
    const answer = session.answer();
    if (!answer?.model.info.heatmap) {
      hide();
      return;
    }
    const { labels } = answer.model.info;
    chooser.parentElement!.hidden = labels.length > MANY;
    chooser.replaceChildren(
      new Option(t("the answer"), ""),
      ...labels.map((label, at) => new Option(label, String(at))),
    );
    void show(answer, true);
  };

  chooser.addEventListener("change", () => {
    const answer = session.answer();
    if (answer) void show(answer, chooser.value ? Number(chooser.value) : true);
  });
  const setStrength = (): void => {
    canvas.style.opacity = String(Number(strength.value) / 100);
  };
  strength.addEventListener("input", setStrength);
  setStrength();
  session.onPicture(hide);
  session.onChoice(hide);
  session.onLive((live) => {
    if (live) hide();
  });
  session.onAnswer(() => {
    if (isOn) showCurrent();
  });
  return {
    toggle: () => {
      isOn = !isOn;
      toggle.setAttribute("aria-pressed", String(isOn));
      options.hidden = !isOn;
      if (isOn) showCurrent();
      else hide();
    },
  };
}

function describe(label: string, { speaks, isCut }: Drawn, width: number, height: number): string {
  const cut = isCut ? ` ${t("The dark edge was cut off before the network saw the picture.")}` : "";
  if (!speaks) return t("No place in this picture speaks for “{0}”.", label) + cut;
  return (
    t(
      "The redder, the more this place spoke for “{0}”. The network sees {1} × {2} fields, so the map is rough.",
      label,
      width,
      height,
    ) + cut
  );
}
