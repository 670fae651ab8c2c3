/** What is loaded on the first click: camera, heat map, comparison, history, several files, a long list. */
import type * as BatchChunk from "./batch/batch.chunk.ts";
import type * as CameraChunk from "./camera/camera.chunk.ts";
import { importPageChunk } from "./chunks.ts";
import type * as CompareChunk from "./compare/compare.chunk.ts";
import { element } from "./element.ts";
import type * as HeatmapChunk from "./heatmap/heatmap.chunk.ts";
import type * as HistoryChunk from "./history/history.chunk.ts";
import type * as ListChunk from "./list/list.chunk.ts";
import type { Session } from "./session.ts";

/** Answers that the history keeps, with their pictures. */
const KEPT = 200;

/** Takes several files, or a folder among what was dropped. */
type StartBatch = (files: readonly File[], entries: readonly FileSystemEntry[]) => void;

/** Listens for the clicks. Undefined where no network of the page answers about pictures alone. */
export function startLive(session: Session): StartBatch | undefined {
  startCamera(session);
  startHeatmap(session);
  startComparison(session);
  startHistory(session);
  startList(session);
  return startSeveral(session);
}

/** A function that makes something of a chunk once, at its first call; after a failed download the next call tries again. */
function once<Made>(session: Session, make: () => Promise<Made>): () => Promise<Made | undefined> {
  let made: Promise<Made> | undefined;
  return async () => {
    try {
      return await (made ??= make());
    } catch (error) {
      made = undefined;
      session.showError(error);
      return undefined;
    }
  };
}

function startCamera(session: Session): void {
  const camera = once(session, async () =>
    ((await importPageChunk("camera")) as typeof CameraChunk).createCamera(session),
  );
  element("camera-start").addEventListener("click", () => {
    void camera().then((made) => made?.start());
  });
}

function startHeatmap(session: Session): void {
  const heatmap = once(session, async () =>
    ((await importPageChunk("heatmap")) as typeof HeatmapChunk).createHeatmap(session),
  );
  const bar = element("heat-bar");
  session.onAnswer(({ model }) => (bar.hidden = !model.info.heatmap));
  session.onChoice(() => (bar.hidden = true));
  session.onLive(() => (bar.hidden = true));
  element("heat-toggle").addEventListener("click", () => {
    void heatmap().then((made) => made?.toggle());
  });
}

/** Calls `opened` when a part of the page that opens and closes does. Nothing where the page has no such part. */
function onToggle(id: string, opened: (isOpen: boolean) => void): void {
  const panel = document.getElementById(id) as HTMLDetailsElement | null;
  panel?.addEventListener("toggle", () => opened(panel.open));
}

function startComparison(session: Session): void {
  const comparison = once(session, async () =>
    ((await importPageChunk("compare")) as typeof CompareChunk).createComparison(session),
  );
  onToggle("compare", (isOpen) => void comparison().then((made) => made?.open(isOpen)));
}

function startHistory(session: Session): void {
  const entries: HistoryChunk.Entry[] = [];
  let isOpened = false;
  const history = once(session, async () =>
    ((await importPageChunk("history")) as typeof HistoryChunk).createHistory(session, entries),
  );
  session.onAnswer((answer) => {
    if ("embedding" in answer.prediction) return;
    const entry = { ...answer, time: new Date(), doubtful: false };
    entries.push(entry);
    if (entries.length > KEPT) entries.shift();
    if (isOpened) void history().then((made) => made?.add(entry));
  });
  session.onDoubt(({ model, since, until }) => {
    for (const entry of entries) {
      const { name, members = [name] } = entry.choice;
      const { time } = entry.prediction;
      if (members.includes(model) && time >= since && time <= until) entry.doubtful = true;
    }
    if (isOpened) void history().then((made) => made?.update());
  });
  onToggle("history", () => {
    isOpened = true;
    void history();
  });
}

/** In a large catalogue, whose page lists the first networks. */
function startList(session: Session): void {
  const list = once(session, async () =>
    ((await importPageChunk("list")) as typeof ListChunk).showAll(),
  );
  document.getElementById("all-models")?.addEventListener("click", () => void list());
}

function startSeveral(session: Session): StartBatch | undefined {
  if (!document.getElementById("batch")) return undefined;
  const batch = once(session, async () =>
    ((await importPageChunk("batch")) as typeof BatchChunk).createBatch(session),
  );
  const files = element("batch-files") as HTMLInputElement;
  const folder = element("batch-folder") as HTMLInputElement;
  for (const input of [files, folder]) {
    input.addEventListener("change", () => {
      const chosen = [...input.files!];
      input.value = ""; // the same files can be chosen again
      void batch().then((made) => {
        if (input === folder) made?.startFolder(chosen);
        else made?.start(chosen);
      });
    });
  }
  // Phones have no folders to choose.
  const hasFolders = "webkitdirectory" in folder && !matchMedia("(pointer: coarse)").matches;
  element("batch-folder-source").hidden = !hasFolders;
  return (chosen, entries) => {
    void batch().then(async (made) => {
      if (entries.some(({ isDirectory }) => isDirectory)) await made?.startEntries(entries);
      else made?.start(chosen);
    });
  };
}
