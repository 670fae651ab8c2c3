/** Preprocessing as model_info.json describes it: torchvision's transforms on a PIL image, then normalization. */

export interface PreprocessingInfo {
  /** In order; the result has the height and width of the model's input. */
  steps: StepInfo[];
  /** Whether the Exif orientation is applied before the steps. */
  exif_orientation: "ignore" | "apply";
  /** Whether a resize may run its vertical pass first, as in Pillow 13 and later. */
  vertical_first: boolean;
  /** Order of the channels, or one grey channel, to which images are converted before the steps. `rgb` if absent. */
  color?: "rgb" | "bgr" | "grey";
  /**
   * How levels 0 to 255 are scaled: divided by 255, multiplied by the float32 number nearest to 1/255, or not at all.
   * `1/255` if absent.
   */
  scale?: "1/255" | "*1/255" | 1;
  /** Per channel in the order of the tensor, for scaled values. */
  mean: number[];
  std: number[];
}

export type StepInfo = ResizeInfo | CenterCropInfo | PadInfo | LetterboxInfo | GreyInfo;

export interface ResizeInfo {
  op: "resize";
  /** Height and width in pixels, or the length of the shorter edge. */
  size: number | [number, number];
  /** Upper bound of the longer edge, where `size` is the length of the shorter one. */
  max_size?: number;
  /** Keeps the aspect ratio, within height and width or covering them. */
  fit?: "contain" | "cover";
  filter: "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";
}

export interface CenterCropInfo {
  op: "center_crop";
  /** Height and width; a smaller image is padded. */
  size: [number, number];
  /** Red, green and blue of the padding; black if absent. */
  fill?: [number, number, number];
  /** Rounding of the offset: down, or if absent half to even as in torchvision. */
  rounding?: "floor";
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

/** Resizes into `size`, keeping the aspect ratio, and pads to it around the centre, as YOLO does. */
export interface LetterboxInfo {
  op: "letterbox";
  size: [number, number];
  filter: ResizeInfo["filter"];
  fill: [number, number, number];
}

/** Converts to grey, in one channel or three equal ones. */
export interface GreyInfo {
  op: "grey";
  channels: 1 | 3;
}
