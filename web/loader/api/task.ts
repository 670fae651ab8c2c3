/** What the outputs of a model mean, and the parts of a prediction that depend on it. */

/** What a model is for, in the word that `loadModel(name, { task })` takes. */
export type Task = "classification" | "embedding" | "regression";

/** `task` of model_info.json. */
export interface TaskInfo {
  /**
   * `softmax`: logits of classes that exclude each other; `sigmoid`: logits of independent labels; `binary`: one logit, of
   * the second of two labels; `probabilities`: the network ends in softmax or sigmoid itself; `embedding`: a vector;
   * `regression`: named numbers.
   */
  kind: "softmax" | "sigmoid" | "binary" | "probabilities" | "embedding" | "regression";
  /** Of `probabilities`: how the labels relate. */
  of?: "softmax" | "sigmoid" | "binary";
  /** Probability from which a label applies: one for each independent label; of two labels, the second's. */
  thresholds?: number[];
  /** Of `regression`: the unit of each number; absent where there are none. */
  units?: string[];
}

export interface LabelProbability {
  label: string;
  /** Its place in `model.info.labels`, which tells labels with the same text apart. */
  index: number;
  probability: number;
  /** The same number, by the name that other libraries give it. */
  score: number;
}

/** Where in the image the network found a class: a class activation map (Zhou et al. 2016). */
export interface Heatmap {
  label: string;
  /** Of the label. */
  index: number;
  height: number;
  width: number;
  /**
   * Row by row; the cells divide the network's input, which is the image after resize and crop, evenly. Their mean is the
   * logit of the class, so larger values speak for it, negative ones against it.
   */
  values: Float32Array;
}

export interface NamedValue {
  name: string;
  value: number;
  /** Empty where it has none. */
  unit: string;
}

/**
 * Restricts the labels of a prediction. Its `probabilities` stay complete and are not renormalised. Wrong values raise
 * RangeError.
 */
export interface LabelSelection {
  /** Number of entries of `top`, at most; 1 or more. By default 5, or with a `threshold` all that reach it. */
  topK?: number | undefined;
  /**
   * Lowest probability of an entry of `top`, 0 to 1. Where labels are independent or one of two, it also replaces the
   * thresholds of the model.
   */
  threshold?: number | undefined;
  /** Labels, by text or index, that may be answered; by default all. A text stands for all labels that have it. */
  allow?: readonly (string | number)[] | undefined;
  /** Labels, by text or index, that may not be answered, even if allowed. */
  deny?: readonly (string | number)[] | undefined;
}

export interface AnswerOptions extends LabelSelection {
  /**
   * Adds `prediction.heatmap`: `true` for the answer, or a label or its index. `model.info.heatmap` tells whether the model
   * has maps; the first call loads their graph.
   */
  heatmap?: boolean | string | number | undefined;
  /**
   * Adds `prediction.features`: the outputs of the inner layer that `model.info.features` names, as `embed` gives them. The
   * first call loads their graph.
   */
  features?: boolean | undefined;
}
