/** Vectors of embedding models. */

/**
 * Cosine of the angle between two embeddings, -1 to 1: the nearer to 1, the more alike. 0 where one has no length. Raises
 * RangeError for vectors of different lengths.
 */
export function similarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new RangeError(
      `similarity takes two embeddings of one model; found ${a.length} and ${b.length} numbers.`,
    );
  }
  const lengths = Math.sqrt(product(a, a) * product(b, b));
  return lengths > 0 ? Math.min(1, Math.max(-1, product(a, b) / lengths)) : 0;
}

/** `vector` divided by its length; as it is where that is 0. */
export function normalized(vector: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const length = Math.sqrt(product(vector, vector)) || 1;
  return vector.map((value) => value / length);
}

function product(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
