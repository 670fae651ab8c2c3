/**
 * Entry of the npm package in Node: the same loader, with the compiled engine alone, on one thread unless `threads` says
 * more. Importing it runs nothing, so that pages rendered on a server may import it.
 */
import type {
  AnyEnsemblePrediction,
  Ensemble,
  EnsembleOptions,
  EnsembleRegressionPrediction,
} from "../loader/api/ensemble.ts";
import type { AnyLoadOptions, LoadOptions } from "../loader/api/load_options.ts";
import type {
  AnyPrediction,
  EmbeddingPrediction,
  RegressionPrediction,
} from "../loader/api/model.ts";
import type { Task } from "../loader/api/task.ts";
import { pinManifest } from "../loader/fetch/manifest/pin.ts";
import * as loader from "../loader/torch2web.ts";
import { onNode, optionsForNode } from "./node/load.ts";
import type { NodeEnsemble, NodeModel } from "./node/model.ts";
import { ensembleWithNodeSources, withNodeSources } from "./node/sources.ts";

export * from "../loader/torch2web.ts";
export type { NodeEnsemble, NodeModel } from "./node/model.ts";
export type { NodeImageSource, RawImage } from "./node/raw_image.ts";

pinManifest(""); // the option `integrity` pins

export function loadModel(
  name: string,
  options: LoadOptions & { task: "regression" },
): Promise<NodeModel<RegressionPrediction>>;
export function loadModel(
  name: string,
  options: LoadOptions & { task: "embedding" },
): Promise<NodeModel<EmbeddingPrediction>>;
export function loadModel(
  name: string,
  options: LoadOptions & { task?: "classification" },
): Promise<NodeModel>;
export function loadModel(name: string, options: AnyLoadOptions): Promise<NodeModel<AnyPrediction>>;
/**
 * As in browsers. `baseURL` is an `http:`, `https:` or `file:` URL, or a path relative to the working directory. Images are
 * raw pixels, or files, which need the package `sharp` for JPEG, lossy WebP and AVIF.
 */
export async function loadModel(
  name: string,
  options: AnyLoadOptions = {},
): Promise<NodeModel<AnyPrediction>> {
  const load = loader.loadModel(name, optionsForNode(options));
  return withNodeSources(await onNode(load));
}

export function loadEnsemble(
  names: readonly string[],
  options: EnsembleOptions & { task: "regression" },
): Promise<NodeEnsemble<RegressionPrediction, EnsembleRegressionPrediction>>;
export function loadEnsemble(
  names: readonly string[],
  options: EnsembleOptions & { task?: "classification" },
): Promise<NodeEnsemble>;
/** As in browsers, with the options and images of `loadModel` in Node. */
export async function loadEnsemble(
  names: readonly string[],
  options: EnsembleOptions & { task?: Task } = {},
): Promise<NodeEnsemble<AnyPrediction, AnyEnsemblePrediction>> {
  const load = loader.loadEnsemble as (
    names: readonly string[],
    options: EnsembleOptions & { task?: Task },
  ) => Promise<Ensemble<AnyPrediction, AnyEnsemblePrediction>>;
  return ensembleWithNodeSources(await onNode(load(names, optionsForNode(options))));
}
