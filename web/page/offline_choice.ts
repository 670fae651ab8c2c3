/** The checkbox that keeps the page for use without internet. */
import { cacheStatus } from "../loader/torch2web.ts";
import type { PageModel } from "./choice.ts";
import type { Session } from "./session.ts";
import { t } from "./texts.ts";
import * as worker from "./worker.ts";

type LoadModel = () => Promise<PageModel>;

/** Of the loader's reasons why a network was not kept, the one that a visitor can do something about. */
const FULL = "no room left";
const NO_ROOM =
  "This device has no room left, so the network was not kept: the next visit downloads it again. Free some room, then reload the page.";
/** The loader caches each network that was loaded; without one the page opens but cannot answer. */
const READY = "Works without internet now, with every network that has answered here.";
const NO_MODEL = "Opens without internet. It can answer there once a network has answered here.";

const box = document.getElementById("keep") as HTMLInputElement;
const status = document.getElementById("keep-status")!;

/** Whether the cache was deleted while this page had the models in memory. */
let deleted = false;

/** Enables the checkbox where this browser has caches. */
export async function offerOffline(session: Session): Promise<void> {
  const loadModel: LoadModel = () => session.modelFor(session.chosen());
  session.onAnswer(({ model }) => {
    if (!box.checked && model.info.cache.reason.includes(FULL)) say(t(NO_ROOM));
  });
  if (!(await worker.available())) {
    document.getElementById("keeping")!.hidden = true;
    return;
  }
  let queue = Promise.resolve();
  box.addEventListener("change", () => {
    const wanted = box.checked;
    // One at a time; of several quick changes only the last one counts.
    queue = queue.then(() => (wanted === box.checked ? follow(wanted, loadModel) : undefined));
  });
  box.checked = await worker.isKept();
  box.disabled = false;
  await worker.acceptUpdates(box.dataset["stub"]!);
  if (!box.checked) return;
  if ((await cacheStatus()).parts > 0) say(t(READY));
  else await keepModel(loadModel);
}

async function follow(wanted: boolean, loadModel: LoadModel): Promise<void> {
  try {
    if (wanted) await keep(loadModel);
    else await forget();
  } catch (error) {
    box.checked = await worker.isKept();
    say(inWords(error instanceof Error ? error.message : String(error)));
  }
}

async function keep(loadModel: LoadModel): Promise<void> {
  say(t("Getting everything ready …"));
  await worker.keep();
  // The loader does not cache what it has in memory already.
  if (deleted) location.reload();
  else await keepModel(loadModel);
}

async function keepModel(loadModel: LoadModel): Promise<void> {
  try {
    const { kept, reason } = (await loadModel()).info.cache;
    say(kept ? t(READY) : t("Opens without internet, but cannot answer there: {0}.", reason));
  } catch {
    say(t(NO_MODEL)); // the page shows why
  }
}

async function forget(): Promise<void> {
  deleted = true;
  await worker.forget();
  say(t("No longer kept on this device."));
}

function inWords(message: string): string {
  return message.includes("QuotaExceeded")
    ? t("This did not work: the device has no room left. Free some, then try again.")
    : t("This did not work: {0}.", message);
}

function say(text: string): void {
  status.textContent = text;
}
