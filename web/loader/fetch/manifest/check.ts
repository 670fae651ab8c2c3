import { ManifestError } from "../../api/errors.ts";
import type { Manifest, PartedFileInfo } from "../../api/manifest.ts";
import type { StepInfo } from "../../api/preprocessing.ts";
import { sizeAfter } from "../../images/steps.ts";

/**
 * Checks what model_info.json says before any of it is used. The same case table drives this and
 * Python's `check_manifest`.
 */
export function checkManifest(data: unknown): Manifest {
  manifest(data, "");
  const { runtime, engine, models } = data as Manifest;
  if (!runtime && !engine) {
    fail("runtime", "is missing, and so is an engine; nothing could run the models");
  }
  models.forEach((model, index) => {
    const { name, labels, input, output, preprocessing, variants } = model;
    const key = `models[${index}]`;
    const classes = labels.length;
    if (models.findIndex((other) => other.name === name) !== index) {
      fail(`${key}.name`, `found ${show(name)} twice, expected distinct names`);
    }
    if (output.shape[1] !== classes) {
      fail(
        `${key}.output.shape[1]`,
        `found ${output.shape[1]}, expected ${classes}, one for each label`,
      );
    }
    if (!model.graph && !model.plan) {
      fail(`${key}.graph`, "is missing, and so is a plan; nothing could run the model");
    }
    if (model.graph && !runtime) {
      fail(`${key}.graph`, "found a graph without the runtime that would run it");
    }
    if (model.plan && !engine) {
      fail(`${key}.plan`, "found a plan without the engine that would run it");
    }
    variants.forEach(({ golden }, number) =>
      golden.logits.forEach((logits, row) => {
        if (logits.length !== classes) {
          fail(
            `${key}.variants[${number}].golden.logits[${row}]`,
            `found ${logits.length} entries, expected ${classes}, one for each label`,
          );
        }
      }),
    );
    const [, , ...size] = input.shape;
    const after = sizeAfter(preprocessing.steps);
    if (!after) {
      fail(
        `${key}.preprocessing.steps`,
        "found steps that leave the size to the picture, expected one size",
      );
    }
    if (show(size) !== show(after)) {
      fail(
        `${key}.input.shape`,
        `found height and width ${show(size)}, expected ${show(after)} of the steps`,
      );
    }
  });
  return data as Manifest;
}

type Check = (value: unknown, key: string) => void;

function fail(key: string, problem: string): never {
  throw new ManifestError(key, problem);
}

const show = (value: unknown): string => JSON.stringify(value) ?? "nothing";

const expected = (what: string, holds: (value: unknown) => boolean): Check => {
  return (value, key) => {
    if (!holds(value)) fail(key, `found ${show(value)}, expected ${what}`);
  };
};

const oneOf = (...values: unknown[]): Check =>
  expected(values.length > 1 ? `one of ${values.map(show).join(", ")}` : show(values[0]), (value) =>
    values.includes(value),
  );

const matching = (pattern: RegExp): Check =>
  expected(
    `a text that matches ${pattern.source}`,
    (v) => typeof v === "string" && pattern.test(v),
  );

const text = expected("a text", (value) => typeof value === "string" && value !== "");
const number = expected("a number", (value) => Number.isFinite(value));
const positive = expected(
  "a number above 0",
  (value) => Number.isFinite(value) && Number(value) > 0,
);
const notNegative = expected(
  "a number, at least 0",
  (value) => Number.isFinite(value) && Number(value) >= 0,
);
const share = expected(
  "a number from 0 to 1",
  (value) => Number.isFinite(value) && Number(value) >= 0 && Number(value) <= 1,
);
const size = expected(
  "a whole number above 0",
  (value) => Number.isInteger(value) && Number(value) > 0,
);
const count = expected("a whole number, at least 0", (v) => Number.isInteger(v) && Number(v) >= 0);
const level = expected(
  "a whole number from 0 to 255",
  (v) => Number.isInteger(v) && Number(v) >= 0 && Number(v) <= 255,
);
const flag = expected("true or false", (value) => typeof value === "boolean");
const sha256 = matching(/^[0-9a-f]{64}$/);

const object = (entries: Record<string, Check>): Check => {
  return (value, key) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      fail(key, `found ${show(value)}, expected a table`);
    }
    for (const [name, check] of Object.entries(entries)) {
      const path = key ? `${key}.${name}` : name;
      if (!Object.hasOwn(value, name)) {
        if (optionals.has(check)) continue;
        fail(path, "is missing");
      }
      check((value as Record<string, unknown>)[name], path);
    }
  };
};

const optionals = new Set<Check>();

/** An entry that may be left out. */
const optional = (check: Check): Check => {
  const own: Check = (value, key) => check(value, key);
  optionals.add(own);
  return own;
};

/** A list of at least `minimum` entries that all pass `check`. */
const list = (check: Check, minimum = 1): Check => {
  return (value, key) => {
    if (!Array.isArray(value)) fail(key, `found ${show(value)}, expected a list`);
    if (value.length < minimum) {
      fail(key, `found ${value.length} entries, expected at least ${minimum}`);
    }
    value.forEach((entry, index) => check(entry, `${key}[${index}]`));
  };
};

/** A list of just these entries. */
const tuple = (...checks: Check[]): Check => {
  return (value, key) => {
    if (!Array.isArray(value)) fail(key, `found ${show(value)}, expected a list`);
    if (value.length !== checks.length) {
      fail(key, `found ${value.length} entries, expected ${checks.length}`);
    }
    checks.forEach((check, index) => check(value[index], `${key}[${index}]`));
  };
};

const file = object({
  // No leading slash, no dots at the start of a name: a manifest cannot point outside its site.
  path: matching(/^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/),
  size,
  sha256,
});

const partedFile: Check = (value, key) => {
  object({ size, sha256, parts: list(file) })(value, key);
  const { size: bytes, parts } = value as PartedFileInfo;
  const total = parts.reduce((sum, part) => sum + part.size, 0);
  if (total !== bytes) fail(`${key}.parts`, `found ${total} bytes in all, expected ${bytes}`);
};

const verification = object({
  images: size,
  batch_sizes: list(size),
  tolerance: positive,
  logits_max_abs_diff: notNegative,
  logits_mean_abs_diff: notNegative,
  probabilities_max_abs_diff: notNegative,
  top1_agreement: share,
  worst_image: expected("a text", (value) => typeof value === "string"),
  logits_spread: notNegative,
  top1_classes: size,
  dead: flag,
});

const golden = object({ seed: count, logits: list(list(number)), tolerance: positive });

const byOperation: Record<StepInfo["op"], Check> = {
  resize: object({
    size: (value, key) => {
      expected("a whole number or a list", (v) => typeof v === "number" || Array.isArray(v))(
        value,
        key,
      );
      (Array.isArray(value) ? tuple(size, size) : size)(value, key);
    },
    filter: oneOf("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"),
  }),
  center_crop: object({ size: tuple(size, size) }),
  pad: object({
    padding: tuple(count, count, count, count),
    fill: tuple(level, level, level),
    mode: oneOf("constant", "edge", "reflect", "symmetric"),
  }),
};

const step: Check = (value, key) => {
  object({ op: oneOf(...Object.keys(byOperation)) })(value, key);
  byOperation[(value as StepInfo).op](value, key);
};

const model = object({
  name: text,
  title: text,
  version: text,
  labels: list(text, 2),
  input: object({
    name: text,
    dtype: oneOf("float32"),
    shape: tuple(oneOf("batch"), oneOf(3), size, size),
  }),
  output: object({ name: text, dtype: oneOf("float32"), shape: tuple(oneOf("batch"), size) }),
  preprocessing: object({
    steps: list(step),
    exif_orientation: oneOf("ignore", "apply"),
    vertical_first: flag,
    mean: tuple(number, number, number),
    std: tuple(positive, positive, positive),
  }),
  opset: size,
  provenance: object({
    weights: oneOf("demo", "checkpoint"),
    architecture: text,
    checkpoint: object({ name: text, sha256 }),
  }),
  recommended: object({ target: oneOf("browser", "server"), role: oneOf("primary", "optional") }),
  plain: optional(file),
  verification,
  graph: optional(partedFile),
  plan: optional(partedFile),
  no_plan: optional(text),
  variants: list(object({ name: text, weights: partedFile, verification, golden })),
  gate: object({ top1_agreement: share, probabilities_max_abs_diff: share }),
  refused: list(object({ name: text, size, reason: text }), 0),
});

const runtimeFiles = object({ api: file, glue: file, wasm: partedFile });

const manifest = object({
  schema_version: oneOf(1),
  generator: text,
  runtime: optional(
    object({
      name: oneOf("onnxruntime-web"),
      version: text,
      files: runtimeFiles,
      webgpu: optional(runtimeFiles),
    }),
  ),
  engine: optional(
    object({
      version: text,
      files: object({
        relaxed: partedFile,
        plain: partedFile,
        relaxed_threads: partedFile,
        plain_threads: partedFile,
      }),
    }),
  ),
  models: list(model),
});
