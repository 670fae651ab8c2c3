/** model_info.json; `model_info.schema.json` beside it is its JSON Schema. */
import type { PreprocessingInfo } from "./preprocessing.ts";
import type { TaskInfo } from "./task.ts";

export interface Manifest {
  schema_version: 1;
  generator: string;
  /** Absent in a site without onnxruntime-web. */
  runtime?: RuntimeInfo;
  /** Absent in a site without the compiled engine. */
  engine?: EngineInfo;
  models: ModelInfo[];
}

/** The compiled engine: a WebAssembly module for each set of browser features. */
export interface EngineInfo {
  /** Hash of its sources. */
  version: string;
  /** Version of the calls that a loader makes; 1 where it is absent. */
  interface?: number;
  files: Record<EngineBuild, PartedFileInfo>;
}

export type EngineBuild = "relaxed" | "plain" | "relaxed_threads" | "plain_threads";

export interface RuntimeInfo {
  name: "onnxruntime-web";
  version: string;
  files: RuntimeFiles;
  /** The build with WebGPU. */
  webgpu?: RuntimeFiles;
}

export interface RuntimeFiles {
  api: FileInfo;
  glue: FileInfo;
  wasm: PartedFileInfo;
}

export interface FileInfo {
  /** Relative to the site's root. */
  path: string;
  /** In bytes. */
  size: number;
  /** In hex. */
  sha256: string;
  /** Bytes of a coded part after decoding; absent: it is no coded part. */
  decoded?: number;
}

/** A file that is downloaded in parts, each checked on its own; concatenated, and decoded where coded, they are the file. */
export interface PartedFileInfo {
  /** In bytes, of all parts together. */
  size: number;
  /** Of all parts together as they are downloaded, in hex. */
  sha256: string;
  /** How parts with `decoded` are coded; absent where none is. */
  coding?: "rans";
  parts: FileInfo[];
}

export interface ModelInfo {
  name: string;
  title: string;
  version: string;
  /** What the outputs mean; `softmax` where it is absent. */
  task?: TaskInfo;
  /**
   * Of a classifier one for each probability, in order; two may be the same: a class is known by its index. Of a regression
   * the names of its numbers; none of an embedding.
   */
  labels: string[];
  input: { name: string; dtype: "float32"; shape: ["batch", 1 | 3, number, number] };
  output: { name: string; dtype: "float32"; shape: ["batch", number] };
  preprocessing: PreprocessingInfo;
  opset: number;
  provenance: {
    /** `demo`: trained on drawn faces, for trying things out. */
    weights: "demo" | "checkpoint";
    /** Name of the architecture, the factory as `module:function`, timm's name, or the file's. */
    architecture: string;
    /** Absent: an architecture of torch2web. */
    source?: "factory" | "timm" | "onnx" | "torchscript" | "exported_program";
    /** Of the state dict inside the checkpoint, where it has several. */
    state_key?: string;
    exporter?: {
      name: "torchscript" | "torch.export" | "onnx";
      opset: number;
    };
    /** Decisions of the conversion, such as which of several outputs was taken. */
    notes?: string[];
    checkpoint: { name: string; sha256: string };
  };
  recommended: { target: "browser" | "server"; role: "primary" | "optional" };
  /** The full ONNX file, for servers and people; the loader does not fetch it, and a site may omit it. */
  plain?: FileInfo;
  /** Of the full ONNX file. */
  verification: VerificationInfo;
  /**
   * Largest difference of an output from PyTorch in float64, with unrounded weights, over the same `vectors`:
   * of PyTorch's own float32, of onnxruntime and of the engine, as far as they ran.
   */
  float64?: { vectors: number; pytorch: number; onnxruntime?: number; compiled?: number };
  /** ONNX with its weights as external data; the same for all variants. */
  graph?: PartedFileInfo;
  /** Why there is no graph, in a site with onnxruntime-web: its outputs exceed the tolerance. */
  no_graph?: string;
  /** The plan of the compiled engine; the same for all variants. */
  plan?: PartedFileInfo;
  /** Why there is no plan. */
  no_plan?: string;
  /**
   * Convolutions that the plan computes by Winograd's transforms: pixels of a line of their tiles, 4 or 2, by name of the
   * ONNX node.
   */
  winograd?: Record<string, number>;
  /** Class activation maps; absent where the network has none. */
  heatmap?: HeatmapInfo;
  /** Outputs of an inner layer, which `embed` gives; absent unless the catalogue asks for them. */
  features?: FeaturesInfo;
  /** The default first. */
  variants: VariantInfo[];
  /** What a variant has to reach compared with PyTorch. */
  gate: TaskFigures;
  /** Variants that failed the gate. */
  refused: { name: string; size: number; reason: string }[];
}

/** Class activation maps, computed with the weights of the variants. */
export interface HeatmapInfo {
  height: number;
  width: number;
  /** Largest difference from PyTorch's maps, relative to their largest value where that is above 1. */
  max_abs_diff: number;
  graph?: PartedFileInfo;
  plan?: PartedFileInfo;
}

/** Outputs of an inner layer, computed with the weights of the variants. */
export interface FeaturesInfo {
  /** `pooled`: the input of the last linear layer; else the layer's path. */
  layer: string;
  length: number;
  /** Largest difference from PyTorch's features, relative to their largest value where that is above 1. */
  max_abs_diff: number;
  graph?: PartedFileInfo;
  plan?: PartedFileInfo;
}

/** An encoding of the weights; all are decoded to float32 before the model runs. */
export interface VariantInfo {
  name: string;
  /** A safetensors file. */
  weights: PartedFileInfo;
  verification: VerificationInfo;
  golden: GoldenInfo;
  /**
   * Pictures on which the weights were rounded with error compensation, none of which they are judged on; absent where each
   * weight was rounded to the nearest.
   */
  calibration_images?: number;
}

/** Figures in terms of the task, which has some of them. */
export interface TaskFigures {
  /** Of classifiers. */
  probabilities_max_abs_diff?: number;
  /** Share of inputs with the same label, where labels exclude each other. */
  top1_agreement?: number;
  /** Share of the same decisions, each of one label for one input, where labels are independent. */
  labels_agreement?: number;
  /** Lowest cosine similarity of an embedding. */
  cosine_min?: number;
  /** Largest difference of a number of a regression, as a share of its range over the inputs. */
  values_max_rel_diff?: number;
}

/** Outputs compared with PyTorch's, measured by the build. */
export interface VerificationInfo extends TaskFigures {
  images: number;
  batch_sizes: number[];
  /** Largest difference accepted of any image. */
  tolerance: number;
  /** On labelled pictures of the model's owner: `confusion` has the labels in rows, the answers in columns. */
  accuracy?: { images: number; share: number; confusion: number[][] };
  /** Largest logit, in magnitude. */
  logits_max_abs?: number;
  /** Largest difference of PyTorch in float32 from PyTorch in float64, where it computes in float64. */
  pytorch_max_abs_diff?: number;
  logits_max_abs_diff: number;
  logits_mean_abs_diff: number;
  worst_image: string;
  logits_spread: number;
  /** Of classifiers. */
  top1_classes?: number;
  dead: boolean;
}

/**
 * Reference logits of the golden input, which is generated from a seed: PyTorch's, or for rounded weights those of
 * onnxruntime with the same weights.
 */
export interface GoldenInfo {
  seed: number;
  logits: number[][];
  /** Largest absolute difference that the self-check accepts; a list has one for each row of `logits`. */
  tolerance: number | number[];
}
