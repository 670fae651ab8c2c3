/** The page's state: the chosen network, the picture, and the latest answer. */
import { loadModel } from "../loader/torch2web.ts";
import type { AnyPrediction, DoubtfulAnswers, Progress } from "../loader/torch2web.ts";
import { importPageChunk } from "./chunks.ts";
import { showAnswer as fillAnswer } from "./answer.ts";
import type { Choice, PageModel } from "./choice.ts";
import { element, manifestIntegrity } from "./element.ts";
import type * as EnsembleChunk from "./ensemble/ensemble.chunk.ts";
import { explain, type Problem } from "./explain.ts";
import { showFacts } from "./facts.ts";
import {
  choices,
  chosenModel,
  clearList,
  isLargeDownload,
  membersOf,
  selectModel,
  showAsking,
  showInList,
} from "./networks.ts";
import { nextTask } from "./next_task.ts";
import { showImage } from "./stage.ts";
import * as states from "./states.ts";
import { t } from "./texts.ts";

export interface Answer {
  choice: Choice;
  model: PageModel;
  prediction: AnyPrediction;
  image: Blob;
  /** The file's name, or the sample's label. */
  title: string;
}

type Listener<Argument> = (argument: Argument) => void;

/** For the page's chunks, which are given it. Each `on…` returns a function that ends it. */
export interface Session {
  /** The networks that are listed. */
  choices(): readonly Choice[];
  chosen(): Choice;
  /** The picture that is shown. */
  image(): Blob | undefined;
  /** The answer that is shown. */
  answer(): Answer | undefined;
  /**
   * The network in memory, loaded if it is not: the page shows the progress, and asks before a large download. Another
   * choice aborts it and frees the one before. Rejects as `loadModel` does.
   */
  modelFor(choice: Choice): Promise<PageModel>;
  /** Whether loading a network would start a large download, which is asked for first. */
  isLarge(choice: Choice): Promise<boolean>;
  /** Shows a picture and asks the chosen network about it. */
  chooseBlob(blob: Blob, title?: string): void;
  /** Asks the chosen network about the picture again. */
  ask(): void;
  /** Shows a prediction in place of the answer, without a picture: of a camera's frame. */
  showLive(model: PageModel, prediction: AnyPrediction): void;
  /** Shows what went wrong, in words, in place of the answer; `again` tries it once more. */
  showError(error: unknown, again?: () => void): void;
  /** What went wrong, in words. */
  explain(error: unknown, image?: Blob): Promise<Pick<Problem, "title" | "advice">>;
  /** Tells whether a camera is answered: then no picture is. */
  setLive(live: boolean): void;
  /** Shows words in place of the answer of a camera that gives no picture. */
  showIdle(label: string, status: string): void;
  /** Called with each answer about a picture; not for `showLive`. */
  onAnswer(listener: Listener<Answer>): () => void;
  /** Called when answers turn out to be doubtful. */
  onDoubt(listener: Listener<DoubtfulAnswers>): () => void;
  /** Called when another network is chosen. */
  onChoice(listener: Listener<Choice>): () => void;
  /** Called when a picture is chosen, before it is shown: a camera that runs stops. */
  onPicture(listener: Listener<Blob>): () => void;
  /** Called when a camera starts or ends. */
  onLive(listener: Listener<boolean>): () => void;
}

const doubtListeners = new Set<Listener<DoubtfulAnswers>>();
const answerListeners = new Set<Listener<Answer>>();
const choiceListeners = new Set<Listener<Choice>>();
const pictureListeners = new Set<Listener<Blob>>();
const liveListeners = new Set<Listener<boolean>>();

let image: { blob: Blob; title: string } | undefined;
let latest: Answer | undefined;
/** The network that answered last, to go back to. */
let answered: Choice | undefined;
/** The network in memory; another choice replaces it. */
let loaded: { name: string; model: Promise<PageModel>; abort: AbortController } | undefined;
/** Number of the latest question, a picture with a network: a late answer to an earlier one is not shown. */
let latestQuestion = 0;
/** Whether a camera is answered. */
let isLive = false;

export const session: Session = {
  choices,
  chosen: chosenModel,
  image: () => image?.blob,
  answer: () => latest,
  modelFor,
  isLarge: isLargeDownload,
  chooseBlob,
  ask: () => void ask(),
  showLive,
  showError,
  explain,
  setLive,
  showIdle,
  onAnswer: (listener) => listen(answerListeners, listener),
  onDoubt: (listener) => listen(doubtListeners, listener),
  onChoice: (listener) => listen(choiceListeners, listener),
  onPicture: (listener) => listen(pictureListeners, listener),
  onLive: (listener) => listen(liveListeners, listener),
};

/** Follows a choice of another network. */
export function chooseModel(): void {
  const choice = chosenModel();
  if (isLive) expectAnswer();
  for (const listener of choiceListeners) listener(choice);
  void ask();
}

/** Shows that a picture is on its way; its network is loaded meanwhile. */
export function expectPicture(): void {
  expectAnswer();
  modelFor(chosenModel()).catch(() => {}); // the question about the picture tells
}

/** Dims the answer; one that is on its way is not shown. */
function expectAnswer(): void {
  latestQuestion++;
  latest = undefined;
  states.showWorking();
}

function setLive(live: boolean): void {
  if (live === isLive) return;
  isLive = live;
  element("app").classList.toggle("live", live);
  clearList();
  expectAnswer();
  for (const listener of liveListeners) listener(live);
}

function showIdle(label: string, status: string): void {
  latestQuestion++;
  latest = undefined;
  states.showIdle(label, status);
}

/** `again` tries what failed once more. */
export function showError(error: unknown, again: () => void = () => void ask()): void {
  const turn = ++latestQuestion; // an answer to the picture before would hide this
  latest = undefined;
  clearList();
  void explain(error, image?.blob).then((problem) => {
    if (turn === latestQuestion) states.showProblem(problem, again);
  });
}

function chooseBlob(blob: Blob, title = ""): void {
  for (const listener of pictureListeners) listener(blob);
  image = { blob, title };
  clearList();
  showImage(blob, title);
  void ask();
}

async function ask(): Promise<void> {
  if (!image || isLive) return; // a picture on its way asks when it is here
  const turn = ++latestQuestion;
  latest = undefined;
  states.showWorking();
  try {
    const choice = chosenModel();
    showAsking(choice);
    const model = await modelFor(choice);
    await nextTask();
    const { blob, title } = image;
    const prediction = await model.predict(blob);
    await nextTask();
    if (turn !== latestQuestion) return;
    latest = { choice, model, prediction, image: blob, title };
    answered = choice;
    show(choice, model, prediction, blob);
    for (const listener of answerListeners) listener(latest);
  } catch (error) {
    if (turn === latestQuestion) showError(error);
  }
}

function showLive(model: PageModel, prediction: AnyPrediction): void {
  latestQuestion++;
  latest = undefined;
  show(chosenModel(), model, prediction, undefined);
}

function show(
  choice: Choice,
  model: PageModel,
  prediction: AnyPrediction,
  picture: Blob | undefined,
): void {
  states.showReady();
  fillAnswer(model.info, prediction, picture);
  showFacts(model, prediction);
  const isAnswer = !("embedding" in prediction) || !element("compared").hidden;
  showInList(choice, isAnswer ? element("label").textContent : "");
}

function modelFor(choice: Choice): Promise<PageModel> {
  if (loaded?.name === choice.name) return loaded.model;
  if (loaded) {
    loaded.abort.abort();
    loaded.model.then((model) => model.dispose()).catch(() => {});
  }
  const abort = new AbortController();
  const model = load(choice, abort.signal);
  const current = { name: choice.name, model, abort };
  loaded = current;
  model
    .catch(() => {
      if (loaded === current) loaded = undefined; // the next choice tries again
    })
    .finally(() => {
      if (!loaded || loaded === current) states.hideProgress();
    });
  return model;
}

async function load(choice: Choice, signal: AbortSignal): Promise<PageModel> {
  const large = await isLargeDownload(choice);
  signal.throwIfAborted();
  if (large) {
    const before = answered;
    showInList(choice, "");
    const back = before && { title: before.title, choose: () => selectModel(before) };
    await states.askToDownload(choice, back, signal);
  }
  const onProgress = ({ overall }: Progress): void => {
    if (!signal.aborted) states.showProgress(overall);
  };
  const { name, title, task, members } = choice;
  await (globalThis as { torch2webPreloads?: Promise<void> }).torch2webPreloads;
  const options = { integrity: manifestIntegrity, onProgress, onDoubtful, signal };
  if (!members) return loadModel(name, { ...options, task });
  const { loadTogether } = (await importPageChunk("ensemble")) as typeof EnsembleChunk;
  return loadTogether(title, membersOf(choice), options);
}

/** Says that answers may be wrong, and asks again about the picture that is shown. */
function onDoubtful(doubt: DoubtfulAnswers): void {
  const { count } = doubt;
  for (const listener of doubtListeners) listener(doubt);
  const last =
    count === 1
      ? t("Its last answer may be wrong.")
      : t("Its last {0} answers may be wrong.", count);
  const doubted = element("doubted");
  doubted.hidden = false;
  doubted.textContent = t(
    "A check has just found that this device computes wrong numbers. {0} From now on it computes in another way.",
    last,
  );
  void ask();
}

function listen<Argument>(
  listeners: Set<Listener<Argument>>,
  listener: Listener<Argument>,
): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
