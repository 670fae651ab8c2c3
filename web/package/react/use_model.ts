import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type {
  AnyPrediction,
  DoubtfulAnswers,
  EmbeddingPrediction,
  Prediction,
  RegressionPrediction,
} from "torch2web";
import {
  forget,
  IDLE,
  keyOf,
  stateOf,
  subscribe,
  type LoadState,
  type SharedOptions,
} from "./shared_models.ts";

/** Options of `loadModel`. */
export interface UseModelOptions extends SharedOptions {
  /** As of `loadModel`: called when answers turn out to be doubtful; the state `doubtful` has the same. */
  onDoubtful?: ((doubt: DoubtfulAnswers) => void) | undefined;
}

/** The model, or how far it is. */
export interface ModelState<P extends AnyPrediction = Prediction> extends LoadState<P> {
  /** Loads again what could not be loaded. */
  retry: () => void;
}

type Name = string | null | undefined;

export function useModel(
  name: Name,
  options: UseModelOptions & { task: "regression" },
): ModelState<RegressionPrediction>;
export function useModel(
  name: Name,
  options: UseModelOptions & { task: "embedding" },
): ModelState<EmbeddingPrediction>;
export function useModel(
  name: Name,
  options: UseModelOptions & { task?: "classification" },
): ModelState;
/**
 * Loads the model `name`, once for all components with the same name and options; without a name nothing is loaded, and
 * a load whose name goes away is aborted. A model is freed when the last component that uses it has unmounted. Nothing
 * happens on a server.
 */
export function useModel(
  name: Name,
  { onDoubtful, ...options }: UseModelOptions,
): ModelState<AnyPrediction> {
  const key = name ? keyOf(name, options) : "";
  const [tries, setTries] = useState(0);
  // The key stands for name and options, whose object may be another one at each render.
  const listen = useCallback(
    (listener: () => void) => (name ? subscribe(key, name, options, listener) : () => {}),
    [key, tries],
  );
  const state = useSyncExternalStore(
    listen,
    () => (name ? stateOf(key) : IDLE),
    () => IDLE,
  );
  const { doubtful } = state;
  useEffect(() => {
    if (doubtful) onDoubtful?.(doubtful);
  }, [doubtful]);
  const retry = useCallback(() => {
    forget(key);
    setTries((count) => count + 1);
  }, [key]);
  return { ...state, retry };
}
