/** Types of what the loader returns in Node: the same models, with Node's sources of images. */
import type {
  AnyEnsemblePrediction,
  Ensemble,
  EnsemblePrediction,
} from "../../loader/api/ensemble.ts";
import type {
  AnyPrediction,
  EmbedOptions,
  Model,
  Prediction,
  PredictOptions,
} from "../../loader/api/model.ts";
import type { NodeImageSource } from "./raw_image.ts";

type Embedding = Awaited<ReturnType<Model["embed"]>>;
type Tensor = Awaited<ReturnType<Model["preprocess"]>>;

/** A model in Node: without `watch`, as there is no video. */
export interface NodeModel<P extends AnyPrediction = Prediction> extends Omit<
  Model<P>,
  "predict" | "predictBatch" | "embed" | "preprocess" | "watch"
> {
  predict(source: NodeImageSource, options?: PredictOptions): Promise<P>;
  predictBatch(sources: readonly NodeImageSource[], options?: PredictOptions): Promise<P[]>;
  embed(source: NodeImageSource, options?: EmbedOptions): Promise<Embedding>;
  preprocess(source: NodeImageSource, options?: PredictOptions): Promise<Tensor>;
}

/** An ensemble in Node: without `watch` too. */
export interface NodeEnsemble<
  P extends AnyPrediction = Prediction,
  E extends AnyEnsemblePrediction = EnsemblePrediction,
> extends Omit<Ensemble<P, E>, "models" | "predict" | "watch"> {
  readonly models: readonly NodeModel<P>[];
  predict(source: NodeImageSource, options?: PredictOptions): Promise<E>;
}
