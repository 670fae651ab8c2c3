/** Errors that cross from the worker to the page, where they are of the same class and hold the same data. */
import * as errors from "../api/errors.ts";

/** A structured clone keeps the platform's own errors as they are, and forgets the class of any other. */
export type PackedError = { own: string; message: string; fields: object } | { other: unknown };

const CLASSES: Record<string, { prototype: object }> = { ...errors };

export function pack(error: unknown): PackedError {
  if (!(error instanceof errors.Torch2WebError)) return { other: cloneable(error) };
  const { name: own, message, cause } = error;
  const fields = { ...error, ...(cause === undefined ? {} : { cause: cloneable(cause) }) };
  return { own, message, fields };
}

export function unpack(packed: PackedError): unknown {
  if ("other" in packed) return packed.other;
  const error = new errors.Torch2WebError(packed.message);
  Object.setPrototypeOf(error, CLASSES[packed.own]!.prototype);
  return Object.assign(error, packed.fields);
}

function cloneable(error: unknown): unknown {
  try {
    return structuredClone(error);
  } catch {
    return new Error(String(error));
  }
}
