/** model_info.json; `model_info.schema.json` beside it is its JSON Schema. */
import type { PreprocessingInfo } from "./preprocessing.ts";

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
  version: string;
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
}

/** A file that is downloaded in parts, each checked on its own; concatenated they are the file. */
export interface PartedFileInfo {
  /** In bytes, of all parts together. */
  size: number;
  /** Of all parts together, in hex. */
  sha256: string;
  parts: FileInfo[];
}

export interface ModelInfo {
  name: string;
  title: string;
  version: string;
  /** One for each logit, in order. Two classes may have the same one: a class is known by its index. */
  labels: string[];
  input: { name: string; dtype: "float32"; shape: ["batch", 1 | 3, number, number] };
  output: { name: string; dtype: "float32"; shape: ["batch", number] };
  preprocessing: PreprocessingInfo;
  opset: number;
  provenance: {
    /** `demo`: trained on drawn faces, for trying things out. */
    weights: "demo" | "checkpoint";
    architecture: string;
    checkpoint: { name: string; sha256: string };
  };
  recommended: { target: "browser" | "server"; role: "primary" | "optional" };
  /** The full ONNX file, for servers and people; the loader does not fetch it, and a site may omit it. */
  plain?: FileInfo;
  /** Of the full ONNX file. */
  verification: VerificationInfo;
  /** ONNX with its weights as external data; the same for all variants. */
  graph?: PartedFileInfo;
  /** The plan of the compiled engine; the same for all variants. */
  plan?: PartedFileInfo;
  /** Why there is no plan. */
  no_plan?: string;
  /** The default first. */
  variants: VariantInfo[];
  /** What a variant has to reach compared with PyTorch. */
  gate: { top1_agreement: number; probabilities_max_abs_diff: number };
  /** Variants that failed the gate. */
  refused: { name: string; size: number; reason: string }[];
}

/** An encoding of the weights; all are decoded to float32 before the model runs. */
export interface VariantInfo {
  name: string;
  /** A safetensors file. */
  weights: PartedFileInfo;
  verification: VerificationInfo;
  golden: GoldenInfo;
}

/** Logits compared with PyTorch's, measured by the build. */
export interface VerificationInfo {
  images: number;
  batch_sizes: number[];
  /** Largest difference accepted of any image. */
  tolerance: number;
  /** Largest logit, in magnitude. */
  logits_max_abs?: number;
  /** Largest difference of PyTorch in float32 from PyTorch in float64, where it computes in float64. */
  pytorch_max_abs_diff?: number;
  logits_max_abs_diff: number;
  logits_mean_abs_diff: number;
  probabilities_max_abs_diff: number;
  top1_agreement: number;
  worst_image: string;
  logits_spread: number;
  top1_classes: number;
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
