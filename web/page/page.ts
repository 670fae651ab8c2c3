/** The page: choose an image and a network, see the prediction. */
import { offerOffline } from "./offline_choice.ts";
import { chooseModel, session, showError } from "./session.ts";
import * as view from "./view.ts";

/** Number of the latest choice of a picture: an earlier one that arrives late is not shown. */
let latestPicture = 0;

async function chooseSample(button: HTMLButtonElement): Promise<void> {
  const turn = ++latestPicture;
  view.markSample(button);
  try {
    const response = await fetch(button.dataset["src"]!);
    if (!response.ok) throw new Error(`The server answered ${response.status}.`);
    const blob = await response.blob();
    if (turn === latestPicture) session.chooseBlob(blob, button.dataset["label"]);
  } catch (error) {
    if (turn === latestPicture) showError(error);
  }
}

function chooseFile(file: File | null | undefined): void {
  if (!file) return;
  session.chooseBlob(file, file.name);
}

session.onPicture((blob) => {
  if (!(blob instanceof File)) return;
  latestPicture++;
  view.markSample(undefined);
});

view.onInput({
  model: chooseModel,
  sample: (button) => void chooseSample(button),
  file: chooseFile,
});

void offerOffline(() => session.modelFor(session.chosen()));

const { connection } = navigator as { connection?: { saveData?: boolean } };
// Predicts the first sample, unless the browser asks to save data.
const [first] = view.samples;
if (first && !connection?.saveData) void chooseSample(first);

view.showStarted();
