/** The visitor's choice to keep the page for use without internet. */
import { cacheStatus, type Model } from "../loader/torch2web.ts";
import * as worker from "./worker.ts";

type LoadModel = () => Promise<Model>;

/** The loader keeps every network that answered, and the page is of use only with one. */
const READY = "Works without internet now, with every network that has answered here.";
const NO_MODEL = "Opens without internet. It can answer there once a network has answered here.";

const box = document.getElementById("keep") as HTMLInputElement;
const status = document.getElementById("keep-status")!;

/** Whether everything was dropped while this page had it in memory. */
let dropped = false;

/** Offers the choice where this browser can keep something; `loadModel` loads the network that is chosen. */
export async function offerKeeping(loadModel: LoadModel): Promise<void> {
  if (!(await worker.available())) return;
  let queue = Promise.resolve();
  box.addEventListener("change", () => {
    const wanted = box.checked;
    // One at a time, and of several quick choices only the last.
    queue = queue.then(() => (wanted === box.checked ? follow(wanted, loadModel) : undefined));
  });
  box.checked = await worker.isKept();
  document.getElementById("keeping")!.hidden = false;
  await worker.welcomeUpdates(box.dataset["stub"]!);
  if (!box.checked) return;
  if ((await cacheStatus()).parts > 0) say(READY);
  else await keepModel(loadModel);
}

async function follow(wanted: boolean, loadModel: LoadModel): Promise<void> {
  try {
    if (wanted) await keep(loadModel);
    else await forget();
  } catch (error) {
    box.checked = await worker.isKept();
    say(`This did not work: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function keep(loadModel: LoadModel): Promise<void> {
  say("Getting everything ready …");
  await worker.keep();
  // The loader does not keep again what it has in memory, so that all has to be loaded anew.
  if (dropped) location.reload();
  else await keepModel(loadModel);
}

async function keepModel(loadModel: LoadModel): Promise<void> {
  try {
    const { kept, reason } = (await loadModel()).info.cache;
    say(kept ? READY : `Opens without internet, but cannot answer there: ${reason}.`);
  } catch {
    say(NO_MODEL); // the page shows why
  }
}

async function forget(): Promise<void> {
  dropped = true;
  await worker.forget();
  say("No longer kept on this device.");
}

function say(text: string): void {
  status.textContent = text;
}
