/** Labels that a call selects. */
import type { LabelSelection } from "../api/task.ts";
import type { Meant } from "./meant.ts";

/** Raises RangeError where `selection` does not fit the model. */
export function checkSelection({ name, labels, task }: Meant, selection: LabelSelection): void {
  const { topK, threshold, allow, deny } = selection;
  if (task?.kind === "embedding" || task?.kind === "regression") {
    const options = Object.entries({ topK, threshold, allow, deny });
    const given = options.find(([, value]) => value !== undefined);
    if (given) throw new RangeError(`${given[0]} selects labels; ${name} has none.`);
    return;
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1)) {
    throw new RangeError(`topK: found ${shown(topK)}, expected an integer from 1.`);
  }
  if (threshold !== undefined && !(threshold >= 0 && threshold <= 1)) {
    throw new RangeError(`threshold: found ${shown(threshold)}, expected a number from 0 to 1.`);
  }
  if (!selected(labels, selection).length) {
    throw new RangeError(`allow and deny leave none of the ${labels.length} labels of ${name}.`);
  }
}

/** Indices of the labels that may be answered, in order. Raises RangeError. */
export function selected(labels: readonly string[], { allow, deny }: LabelSelection): number[] {
  const indices = [...labels.keys()];
  const allowed = allow === undefined ? new Set(indices) : indicesOf(labels, allow, "allow");
  const denied = deny === undefined ? new Set() : indicesOf(labels, deny, "deny");
  return indices.filter((index) => allowed.has(index) && !denied.has(index));
}

function indicesOf(
  labels: readonly string[],
  wanted: readonly (string | number)[],
  option: string,
): Set<number> {
  if (!Array.isArray(wanted)) {
    throw new RangeError(`${option}: found ${shown(wanted)}, expected a list of labels.`);
  }
  return new Set(
    wanted.flatMap((one: string | number) => {
      const found = [...labels.keys()].filter((index) => one === index || one === labels[index]);
      if (found.length) return found;
      throw new RangeError(
        `${option}: found ${shown(one)}, expected labels, or indices below ${labels.length}.`,
      );
    }),
  );
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}
