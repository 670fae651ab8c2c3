/** Compiled against the package's types, in a project for browsers and in one for Node. */
import {
  BackendError,
  loadModel,
  type Model,
  type Prediction,
} from "torch2web";
import { useModel, usePrediction, type ModelState } from "torch2web/react";

export async function classify(file: Blob): Promise<string> {
  const model = await loadModel("one", {
    baseURL: "/torch2web/",
    integrity: "sha256-",
  });
  const { label, confidence }: Prediction = await model.predict(file);
  return `${label} ${confidence.toFixed(2)}`;
}

export async function measure(file: Blob): Promise<number> {
  const model = await loadModel("height", {
    baseURL: "/torch2web/",
    task: "regression",
  });
  const { values } = await model.predict(file);
  return values[0]!.value;
}

export function hooks(file: File): string {
  const state: ModelState = useModel("one", {
    baseURL: "/torch2web/",
    onDoubtful: ({ backend }) => console.warn(backend.reason),
  });
  const loaded: Model | undefined = state.model;
  const { prediction, error } = usePrediction(loaded, file, { topK: 2 });
  if (error instanceof BackendError) return error.message;
  if (state.doubtful) return `${state.doubtful.count} may be wrong`;
  return prediction?.label ?? `${state.progress?.loaded ?? 0}`;
}

// @ts-expect-error: a name is needed
void loadModel();
