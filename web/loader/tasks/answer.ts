/** From the outputs of a network to what they mean. Softmax is at hand; the other tasks are a chunk of the loader. */
import { ManifestError, TaskError } from "../api/errors.ts";
import type { AnyPrediction, EmbeddingPrediction, Prediction } from "../api/model.ts";
import type { AnswerOptions, LabelProbability, LabelSelection, Task } from "../api/task.ts";
import { importChunk } from "../fetch/chunks/chunks.ts";
import { entryOf, ranked, softmax, TOP } from "./classification.ts";
import type { Answer, Meant } from "./meant.ts";
import { normalized } from "./similarity.ts";
import type * as Tasks from "./tasks.chunk.ts";

let tasks: typeof Tasks | undefined;

/** The chunk. Raises DownloadError or IntegrityError. */
export async function importTasks(): Promise<typeof Tasks> {
  tasks ??= (await importChunk("tasks")) as typeof Tasks;
  return tasks;
}

/** Loads the chunk where a model or a call needs it. Raises RangeError for a selection that does not fit. */
export async function prepareTask(info: Meant, options: AnswerOptions = {}): Promise<void> {
  if (!needsChunk(info, options)) return;
  const { checkHeatmap, checkSelection } = await importTasks();
  checkSelection(info, options);
  checkHeatmap(info, options.heatmap);
  if (options.features) requireEmbeddings(info, "features");
}

/** Probabilities of a classifier; the outputs as they are of other models. */
export function scoresOf(info: Meant, outputs: Float32Array): number[] {
  return isSoftmax(info) ? softmax(outputs) : tasks!.scoresOf(info.task!, outputs);
}

/** What `scores` mean; `order` has the same order as they, before rounding. */
export function answerOf(
  info: Meant,
  scores: number[],
  selection: LabelSelection,
  order: ArrayLike<number>,
): Answer {
  if (needsChunk(info, selection)) return tasks!.answerOf(info, scores, selection, order);
  const best = ranked([...info.labels.keys()], order).slice(0, TOP);
  const top = best.map((index) => entryOf(info.labels, scores, index));
  const [{ label, probability }] = top as [LabelProbability];
  return { label, confidence: probability, probabilities: scores, top };
}

/** The functions of heatmaps and features, in the chunk that `prepareTask` loaded. */
export function additions(): Pick<typeof Tasks, "withMore" | "heatmapOf"> {
  return tasks!;
}

/** The scores that a prediction was made of. */
export function scoresIn(prediction: AnyPrediction): number[] {
  return "probabilities" in prediction ? prediction.probabilities : tasks!.scoresIn(prediction);
}

/** Raises ManifestError where the model is not for what the page loads it for. */
export function requireTask(info: Meant, wanted: Task | undefined): void {
  const found = taskOf(info);
  if (!wanted || wanted === found) return;
  throw new ManifestError("", `the task of ${info.name} is ${found}, expected ${wanted}`);
}

/** Raises TaskError where a page that expects a label, having named no task, would get something else. */
export function requireAnswers(info: Meant, wanted: Task | undefined): void {
  if (!wanted && taskOf(info) !== "classification") throw new TaskError(tasks!.whyNoLabel(info));
}

/** The vector that `embed` returns. */
export function embeddingIn(
  [prediction]: AnyPrediction[],
  normalize: boolean | undefined,
): Float32Array<ArrayBuffer> {
  const { features } = prediction as Prediction;
  const vector = features ?? (prediction as EmbeddingPrediction).embedding;
  return normalize ? normalized(vector) : vector;
}

/** Raises TaskError where the model gives no embeddings. */
export function requireEmbeddings(info: Meant, what = "embeddings"): void {
  if (info.features || (taskOf(info) === "embedding" && what === "embeddings")) return;
  throw new TaskError(`${info.name} has no ${what}; call predict().`);
}

/** What the model is for. */
export function taskOf({ task }: Meant): Task {
  const kind = task?.kind;
  return kind === "embedding" || kind === "regression" ? kind : "classification";
}

function isSoftmax({ task }: Meant): boolean {
  return !task || task.kind === "softmax";
}

function needsChunk(
  info: Meant,
  { topK, threshold, allow, deny, heatmap, features }: AnswerOptions,
): boolean {
  const options = [topK, threshold, allow, deny, heatmap, features];
  return !isSoftmax(info) || options.some((option) => option !== undefined);
}
