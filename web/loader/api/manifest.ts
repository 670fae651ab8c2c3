/** The shape of model_info.json; `model_info.schema.json` beside it says the same as a JSON Schema. */

import type { PreprocessingInfo } from "./preprocessing.ts";

export interface Manifest {
  schema_version: 1;
  generator: string;
  /** Where a site carries onnxruntime-web. */
  runtime?: RuntimeInfo;
  /** Where a site carries the compiled engine. */
  engine?: EngineInfo;
  models: ModelInfo[];
}

/** The compiled engine: one small module for each kind of browser. */
export interface EngineInfo {
  version: string;
  files: Record<EngineBuild, PartedFileInfo>;
}

export type EngineBuild = "relaxed" | "plain" | "relaxed_threads" | "plain_threads";

export interface RuntimeInfo {
  name: "onnxruntime-web";
  version: string;
  files: RuntimeFiles;
  /** The build that computes on WebGPU too. */
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

/** A file as the loader puts it together: `parts` follow one another, each checked by itself. */
export interface PartedFileInfo {
  /** In bytes, all parts together. */
  size: number;
  /** Of the whole, in hex. */
  sha256: string;
  parts: FileInfo[];
}

export interface ModelInfo {
  name: string;
  title: string;
  version: string;
  /** One for each logit, in order. */
  labels: string[];
  input: { name: string; dtype: "float32"; shape: ["batch", 3, number, number] };
  output: { name: string; dtype: "float32"; shape: ["batch", number] };
  preprocessing: PreprocessingInfo;
  opset: number;
  provenance: {
    /** `demo`: weights trained on drawn faces, for trying things out. */
    weights: "demo" | "checkpoint";
    architecture: string;
    checkpoint: { name: string; sha256: string };
  };
  recommended: { target: "browser" | "server"; role: "primary" | "optional" };
  /** The whole ONNX file, for servers and people; the loader never fetches it, and a site may leave it out. */
  plain?: FileInfo;
  /** Of the ONNX file as it was exported. */
  verification: VerificationInfo;
  /** ONNX without its weights, which are external data of it; the same for all variants. */
  graph?: PartedFileInfo;
  /** How the compiled engine runs it; the same for all variants. */
  plan?: PartedFileInfo;
  /** Why there is no plan. */
  no_plan?: string;
  /** The default first. */
  variants: VariantInfo[];
  /** What a variant had to reach against PyTorch. */
  gate: { top1_agreement: number; probabilities_max_abs_diff: number };
  /** Candidates that did not. */
  refused: { name: string; size: number; reason: string }[];
}

/** A form in which the weights are stored; they all become the same kind of numbers before anything runs. */
export interface VariantInfo {
  name: string;
  /** In the safetensors format. */
  weights: PartedFileInfo;
  verification: VerificationInfo;
  golden: GoldenInfo;
}

/** How far a file's logits are from PyTorch's, measured when the site was built. */
export interface VerificationInfo {
  images: number;
  batch_sizes: number[];
  tolerance: number;
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
 * Logits for an input that follows from a seed: PyTorch's, and where the weights are rounded, onnxruntime's for the
 * same rounded weights.
 */
export interface GoldenInfo {
  seed: number;
  logits: number[][];
  /** Largest absolute difference that counts as the same. */
  tolerance: number;
}
