/** From the outputs of a network to what they mean. Softmax is at hand; the other tasks are a chunk of the loader. */
import { ManifestError, TaskError } from "../api/errors.ts";
import type { AnyPrediction } from "../api/model.ts";
import type { LabelSelection, Task } from "../api/task.ts";
import { importChunk } from "../fetch/chunks.ts";
import { argmax, softmax } from "./classification.ts";
import type { Answer, Meant } from "./meant.ts";
import type * as Tasks from "./tasks.chunk.ts";

let tasks: typeof Tasks | undefined;

/** Loads the chunk where a model or a call needs it. Raises DownloadError or IntegrityError. */
export async function prepareTask(
  base: URL,
  info: Meant,
  selection: LabelSelection = {},
): Promise<void> {
  if (needsChunk(info, selection)) {
    tasks ??= (await importChunk(base, "tasks")) as typeof Tasks;
    tasks.checkSelection(info, selection);
  }
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
  const best = argmax(order);
  return { label: info.labels[best]!, confidence: scores[best]!, probabilities: scores };
}

/** The scores that a prediction was made of. */
export function scoresIn(prediction: AnyPrediction): number[] {
  if ("values" in prediction) return prediction.values.map(({ value }) => value);
  return "embedding" in prediction ? Array.from(prediction.embedding) : prediction.probabilities;
}

export function taskOf({ task }: Meant): Task {
  const kind = task?.kind;
  return kind === "embedding" || kind === "regression" ? kind : "classification";
}

/** Raises ManifestError where the model is not for what the page loads it for. */
export function requireTask(info: Meant, wanted: Task | undefined): void {
  const found = taskOf(info);
  if (wanted === undefined || wanted === found) return;
  throw new ManifestError("", `the task of ${info.name} is ${found}, expected ${wanted}`);
}

/** Raises TaskError where a page that expects a label would get something else. */
export function requireAnswers(info: Meant, wanted: Task | undefined): void {
  const found = taskOf(info);
  if (found === (wanted ?? "classification")) return;
  const call = found === "embedding" ? "call embed(), or " : "";
  const has = found === "embedding" ? "an embedding" : "values";
  throw new TaskError(
    `${info.name} gives no label: ${call}load it with { task: "${found}" }, and its predictions have ${has}.`,
  );
}

/** Raises TaskError where the model gives no embeddings. */
export function requireEmbeddings(info: Meant): void {
  const found = taskOf(info);
  if (found === "embedding") return;
  throw new TaskError(`${info.name} gives no embedding: its task is ${found}; call predict().`);
}

function isSoftmax({ task }: Meant): boolean {
  return !task || task.kind === "softmax";
}

function needsChunk(info: Meant, { topK, threshold, allow, deny }: LabelSelection): boolean {
  return !isSoftmax(info) || [topK, threshold, allow, deny].some((option) => option !== undefined);
}
