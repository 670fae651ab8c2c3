/** Errors posted from the worker to the page, where they get the same class and fields. */
import * as errors from "../api/errors.ts";

/** A structured clone keeps the class of the platform's own errors only. */
export type PackedError =
  { className: string; message: string; fields: object } | { other: unknown };

const CLASSES: Record<string, { prototype: object }> = { ...errors };

export function pack(error: unknown): PackedError {
  if (!(error instanceof errors.Torch2WebError)) return { other: cloneable(error) };
  const { name, message, cause } = error;
  const fields: object = Object.assign(
    {},
    error,
    cause !== undefined && { cause: cloneable(cause) },
  );
  return { className: name, message, fields };
}

export function unpack(packed: PackedError): unknown {
  if ("other" in packed) return packed.other;
  const error = new errors.Torch2WebError(packed.message);
  Object.setPrototypeOf(error, CLASSES[packed.className]!.prototype);
  return Object.assign(error, packed.fields);
}

function cloneable(error: unknown): unknown {
  try {
    return structuredClone(error);
  } catch {
    return new Error(String(error));
  }
}
