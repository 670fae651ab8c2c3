/** Preprocessing as model_info.json describes it: torchvision's transforms on a PIL image, then normalization. */

export interface PreprocessingInfo {
  /** In order; the result has the height and width of the model's input. */
  steps: StepInfo[];
  /** Whether the Exif orientation is applied before the steps. */
  exif_orientation: "ignore" | "apply";
  /** Whether a resize may run its vertical pass first, as in Pillow 13 and later. */
  vertical_first: boolean;
  /** Per channel, for values between 0 and 1. */
  mean: [number, number, number];
  std: [number, number, number];
}

/** One of torchvision's transforms. */
export type StepInfo = ResizeInfo | CenterCropInfo | PadInfo;

export interface ResizeInfo {
  op: "resize";
  /** Height and width in pixels, or the length of the shorter edge. */
  size: number | [number, number];
  filter: "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";
}

export interface CenterCropInfo {
  op: "center_crop";
  /** Height and width; a smaller image is padded with black. */
  size: [number, number];
}

export interface PadInfo {
  op: "pad";
  /** Pixels at the left, the top, the right and the bottom. */
  padding: [number, number, number, number];
  /** Red, green and blue of the padding in mode `constant`. */
  fill: [number, number, number];
  /** NumPy's modes of the same names. */
  mode: "constant" | "edge" | "reflect" | "symmetric";
}
