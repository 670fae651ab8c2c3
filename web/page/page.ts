/** The page: choose an image and a network, see the prediction. */
import { DecodeError, DownloadError, IntegrityError, loadModel } from "../loader/torch2web.ts";
import type { AnyPrediction, Model, Progress, Task } from "../loader/torch2web.ts";
import { offerOffline } from "./offline_choice.ts";
import * as view from "./view.ts";

let image: Blob | undefined;
/** The network in memory; another choice replaces it. */
let loaded:
  { name: string; model: Promise<Model<AnyPrediction>>; abort: AbortController } | undefined;
/** Number of the latest choice of a picture: an earlier one that arrives late is not shown. */
let latestPicture = 0;
/** Number of the latest question, a picture with a network: a late answer to an earlier one is not shown. */
let latestQuestion = 0;

async function answer(): Promise<void> {
  if (!image) return; // a picture on its way asks when it is here
  const turn = ++latestQuestion;
  view.showWorking();
  try {
    const model = await modelFor(view.chosenModel());
    const asked = image;
    const prediction = await model.predict(asked);
    if (turn === latestQuestion) show(model, prediction, asked);
  } catch (error) {
    if (turn === latestQuestion) view.showProblem(explain(error), String(error));
  }
}

function modelFor({ name, task }: { name: string; task: Task }): Promise<Model<AnyPrediction>> {
  if (loaded?.name === name) return loaded.model;
  if (loaded) {
    loaded.abort.abort();
    loaded.model.then((model) => model.dispose()).catch(() => {});
  }
  const abort = new AbortController();
  const onProgress = ({ overall }: Progress): void => {
    if (!abort.signal.aborted) view.showProgress(overall);
  };
  const model = loadModel(name, { task, onProgress, signal: abort.signal });
  const choice = { name, model, abort };
  loaded = choice;
  model
    .catch(() => {
      if (loaded === choice) loaded = undefined; // the next choice tries again
    })
    .finally(() => {
      if (!loaded || loaded === choice) view.hideProgress();
    });
  return model;
}

function show(model: Model<AnyPrediction>, prediction: AnyPrediction, picture: Blob): void {
  const { fromCache, downloaded } = model.info.cache;
  view.showAnswer(model.info, prediction, picture);
  view.showFacts({
    time: `${Math.round(prediction.timings.total)} ms (inference ${Math.round(prediction.timings.run)} ms)`,
    backend: model.backend.description,
    verified: `all ${(fromCache + downloaded).toLocaleString("en")} bytes checked${downloaded ? "" : ", from this device's cache"}`,
    inexact: prediction.inexact,
    selfcheck: `within ${model.backend.selfCheck.maxAbsDiff.toFixed(7)} of Python's numbers on this device`,
  });
}

function explain(error: unknown): string {
  if (error instanceof DecodeError) return "This picture cannot be read here.";
  if (error instanceof IntegrityError) {
    return "A file of this page is not the one it was built with, so it was not used. Reloading helps if the page was just renewed.";
  }
  if (error instanceof DownloadError) {
    return navigator.onLine
      ? "A file of this page could not be downloaded."
      : "This needs a file that is not on this device yet, and there is no internet to download it.";
  }
  return "This did not work.";
}

function choose(blob: Blob): void {
  image = blob;
  view.showImage(blob);
  void answer();
}

async function chooseSample(button: HTMLButtonElement): Promise<void> {
  const turn = ++latestPicture;
  view.markSample(button);
  try {
    const response = await fetch(button.dataset["src"]!);
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const blob = await response.blob();
    if (turn === latestPicture) choose(blob);
  } catch (error) {
    if (turn !== latestPicture) return;
    latestQuestion++; // an answer to the picture before would hide this
    view.showProblem("This picture could not be downloaded.", String(error));
  }
}

function chooseFile(file: File | null | undefined): void {
  if (!file) return;
  latestPicture++;
  view.markSample(undefined);
  choose(file);
}

view.onInput({
  model: () => void answer(),
  sample: (button) => void chooseSample(button),
  file: chooseFile,
});

void offerOffline(() => modelFor(view.chosenModel()));

const { connection } = navigator as { connection?: { saveData?: boolean } };
// Predicts the first sample, unless the browser asks to save data.
const [first] = view.samples;
if (first && !connection?.saveData) void chooseSample(first);

view.showStarted();
