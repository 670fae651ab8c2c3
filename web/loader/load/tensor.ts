/** Tensors that pages give to `run`. */
import type { ModelInfo } from "../api/manifest.ts";

type Shaped = Pick<ModelInfo, "name" | "input">;

/** Number of values of one preprocessed image. */
export function imageLengthOf({ input }: Shaped): number {
  const [, channels, height, width] = input.shape;
  return channels * height * width;
}

/** Number of images in `tensor`. Raises RangeError where it is no input of the model. */
export function batchOf(tensor: Float32Array, info: Shaped): number {
  const { name, input } = info;
  const length = imageLengthOf(info);
  const type = Object.prototype.toString.call(tensor).slice(8, -1);
  const found = type === "Float32Array" ? `${tensor.length} values` : `a value of type ${type}`;
  const batch = type === "Float32Array" ? tensor.length / length : 0;
  if (!Number.isInteger(batch) || batch < 1) {
    const shape = input.shape.slice(1).join(" × ");
    throw new RangeError(
      `${name} expects a Float32Array of ${length} values per image (${shape}), found ${found}`,
    );
  }
  // A loop, as `findIndex` takes longer than a whole copy.
  for (let i = 0; i < tensor.length; i++) {
    if (Number.isFinite(tensor[i])) continue;
    throw new RangeError(
      `${name} expects finite values, found ${tensor[i]!} at index ${i} of the tensor`,
    );
  }
  return batch;
}
