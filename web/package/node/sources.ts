/** Models that take Node's sources of images. */
import type { AnyEnsemblePrediction, Ensemble } from "../../loader/api/ensemble.ts";
import { BackendError, DecodeError } from "../../loader/api/errors.ts";
import type { ImageSource } from "../../loader/api/image.ts";
import type { AnyPrediction, Model } from "../../loader/api/model.ts";
import { listOf } from "../../loader/images/image_source.ts";
import { builtin } from "./builtin.ts";
import { ImageData } from "./globals.ts";
import type { NodeEnsemble, NodeModel } from "./model.ts";
import { pageURL } from "./site_url.ts";
import { imageDataOf, type NodeImageSource } from "./raw_image.ts";

/** `model`, whose methods take Node's sources. */
export function withNodeSources<P extends AnyPrediction>(model: Model<P>): NodeModel<P> {
  const predict = model.predict.bind(model);
  const predictBatch = model.predictBatch.bind(model);
  const embed = model.embed.bind(model);
  const preprocess = model.preprocess.bind(model);
  const methods: Partial<NodeModel<P>> & { watch: () => never } = {
    predict: async (source, options) => predict(await imageOf(source), options),
    predictBatch: async (sources, options) =>
      predictBatch(await Promise.all(listOf(sources).map(imageOf)), options),
    embed: async (source, options) => embed(await imageOf(source), options),
    preprocess: async (source, options) => preprocess(await imageOf(source), options),
    watch: withoutVideo,
  };
  return Object.assign(model, methods);
}

/** `ensemble`, whose methods and models take Node's sources. */
export function ensembleWithNodeSources<P extends AnyPrediction, E extends AnyEnsemblePrediction>(
  ensemble: Ensemble<P, E>,
): NodeEnsemble<P, E> {
  const methods: NodeEnsemble<P, E> & { watch: () => never } = {
    models: ensemble.models.map(withNodeSources),
    predict: async (source, options) => ensemble.predict(await imageOf(source), options),
    watch: withoutVideo,
    dispose: () => ensemble.dispose(),
  };
  return methods;
}

function withoutVideo(): never {
  throw new BackendError("Node has no video; call `predict` for each image.");
}

/** As the loader takes it. Raises DecodeError. */
async function imageOf(source: NodeImageSource): Promise<ImageSource> {
  if (source instanceof ImageData) return source;
  if (typeof source === "string" || source instanceof URL) return imageAt(pageURL(source));
  if (source instanceof Uint8Array) return new Blob([Uint8Array.from(source)]);
  if (source instanceof ArrayBuffer) return new Blob([source]);
  if (typeof source === "object" && "data" in source) {
    return imageDataOf("info" in source ? { ...source.info, data: source.data } : source);
  }
  const given = source as unknown;
  if (Object.prototype.toString.call(given) === "[object Blob]" || isFile(given)) return source;
  throw new DecodeError(
    `Found ${described(given)}; in Node pass raw pixels ({ data, width, height }), the bytes of a file, a Blob, a URL or a path.`,
  );
}

/** The file at a `file:` URL; other addresses are fetched by the loader. */
async function imageAt(url: URL): Promise<Blob | URL> {
  if (url.protocol !== "file:") return url;
  try {
    return new Blob([await builtin("node:fs/promises").readFile(url)]);
  } catch (error) {
    throw new DecodeError(`The image cannot be read: ${String(error)}`, { cause: error });
  }
}

function isFile(source: unknown): boolean {
  return Object.prototype.toString.call(source) === "[object File]";
}

function described(value: unknown): string {
  return value instanceof Object ? `an object of class ${value.constructor.name}` : String(value);
}
