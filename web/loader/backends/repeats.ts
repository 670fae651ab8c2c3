/** Detects a backend that returns the answer before, such as one that reads a buffer which is no longer written. */

/** One of so many values of a tensor is read. */
const STRIDE = 7;

export class Repeats {
  #print = 0;
  #logits: Float32Array | undefined;

  /** Whether another input got the same logits to the bit as the one before. */
  isRepeated(tensor: Float32Array, logits: Float32Array): boolean {
    const print = fingerprint(tensor);
    const before = this.#logits;
    const repeated =
      print !== this.#print &&
      before?.length === logits.length &&
      before.every((logit, i) => logit === logits[i]);
    this.#print = print;
    this.#logits = logits.slice();
    return repeated;
  }
}

function fingerprint(tensor: Float32Array): number {
  const words = new Uint32Array(tensor.buffer, tensor.byteOffset, tensor.length);
  let print = words.length;
  for (let i = 0; i < words.length; i += STRIDE) print = Math.imul(print ^ words[i]!, 0x01000193);
  return print;
}
