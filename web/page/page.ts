/** The page: choose an image and a network, see the prediction. */
import { offerOffline } from "./offline_choice.ts";
import { chooseModel, expectPicture, session, showError } from "./session.ts";
import { element } from "./element.ts";
import { startLive } from "./live.ts";
import { onModel } from "./networks.ts";
import { nextTask } from "./next_task.ts";
import { markSample, onPictures, samples } from "./stage.ts";

/** Number of the latest choice of a picture: an earlier one that arrives late is not shown. */
let latestPicture = 0;

async function chooseSample(button: HTMLButtonElement): Promise<void> {
  const turn = ++latestPicture;
  markSample(button);
  expectPicture();
  try {
    const response = await fetchSample(button.dataset);
    if (!response.ok) throw new TypeError(`${response.url}: HTTP status ${response.status}`);
    const blob = await response.blob();
    if (turn !== latestPicture) return;
    session.chooseBlob(blob, button.dataset["label"]);
    markSample(button);
  } catch (error) {
    if (turn === latestPicture) showError(error, () => void chooseSample(button));
  }
}

/** The copy that the browser has, if it is of this build. */
async function fetchSample({ src, integrity = "" }: DOMStringMap): Promise<Response> {
  return fetch(src!, { cache: "force-cache", integrity }).catch(() => fetch(src!));
}

function chooseFile(file: File | null | undefined): void {
  if (!file) return;
  session.chooseBlob(file, file.name);
}

session.onPicture(() => {
  latestPicture++;
  markSample(undefined);
});

let startBatch: ReturnType<typeof startLive>;

onPictures({
  sample: (button) => void chooseSample(button),
  file: chooseFile,
  several: (files, entries) => {
    if (startBatch) startBatch(files, entries);
    else chooseFile(files[0]);
  },
});
onModel(chooseModel);

void begin();

async function begin(): Promise<void> {
  // The modules have run in this task: what follows has tasks of its own, so that none is long.
  await nextTask();
  startBatch = startLive(session);
  element("unstarted").remove();
  await nextTask();
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  // Predicts the first sample, unless the browser asks to save data.
  const [first] = samples;
  if (first && !connection?.saveData) void chooseSample(first);
  await nextTask();
  await offerOffline(session);
}
