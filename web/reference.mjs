/**
 * Reads the public API of the loader from its source, with typedoc, for the reference of the documentation.
 *
 *     node reference.mjs OUT   reference.json: what torch2web.ts exports, with the comments as Markdown
 *
 * web/build/docs/reference.py makes Markdown of it.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, ReflectionKind } from "typedoc";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const KINDS = new Map([
  [ReflectionKind.Function, "function"],
  [ReflectionKind.Class, "class"],
  [ReflectionKind.Interface, "interface"],
  [ReflectionKind.TypeAlias, "type"],
]);

/** A comment as Markdown; `{@link Name}` becomes code, which the reference links. */
const textOf = (comment) =>
  (comment?.summary ?? [])
    .map(({ kind, text }) => (kind === "inline-tag" ? `\`${text}\`` : text))
    .join("")
    .trim();

const typeParametersOf = ({ typeParameters }) =>
  typeParameters?.length
    ? `<${typeParameters
        .map(
          ({ name, type, default: standard }) =>
            name + (type ? ` extends ${type}` : "") + (standard ? ` = ${standard}` : ""),
        )
        .join(", ")}>`
    : "";

/** A parameter that is destructured has no name of its own. */
const parameterOf = ({ name, flags, type, defaultValue }) =>
  `${flags.isRest ? "..." : ""}${name === "__namedParameters" ? "options" : name}` +
  `${flags.isOptional || defaultValue ? "?" : ""}: ${type}`;

const signatureOf = (signature, name = signature.name) =>
  `${name}${typeParametersOf(signature)}(${(signature.parameters ?? []).map(parameterOf).join(", ")}): ${signature.type}`;

/** Properties and methods that a reader may use; `name` of an error is its heading already. */
const membersOf = (reflection) =>
  (reflection.children ?? [])
    .filter((child) => !child.flags.isPrivate && !child.flags.isExternal && !child.inheritedFrom)
    .filter(
      (child) =>
        !child.kindOf(ReflectionKind.Constructor) && !(child.overwrites && child.name === "name"),
    )
    .flatMap((child) =>
      child.signatures
        ? child.signatures.map((signature) => ({
            code: signatureOf(signature),
            text: textOf(signature.comment),
          }))
        : [
            {
              code: `${child.name}${child.flags.isOptional ? "?" : ""}: ${child.type ?? child.getSignature?.type}`,
              text: textOf(child.comment ?? child.getSignature?.comment),
            },
          ],
    );

/** Members of a type that is written as an object, or empty. */
const declared = (type) => (type?.type === "reflection" ? membersOf(type.declaration) : []);

function entryOf(reflection) {
  const kind = KINDS.get(reflection.kind);
  if (!kind)
    throw new Error(`${reflection.name}: an export of a kind that the reference does not know`);
  const signatures = reflection.signatures ?? [];
  const head = reflection.name + typeParametersOf(reflection);
  const parents = (reflection.extendedTypes ?? []).map(String);
  const members = kind === "type" ? declared(reflection.type) : membersOf(reflection);
  const code = {
    function: () => signatures.map((signature) => `function ${signatureOf(signature)};`),
    class: () => [`class ${head}${parents.length ? ` extends ${parents.join(", ")}` : ""}`],
    interface: () => [`interface ${head}${parents.length ? ` extends ${parents.join(", ")}` : ""}`],
    type: () => [members.length ? `type ${head}` : `type ${head} = ${reflection.type};`],
  }[kind]();
  // typedoc copies the comment of a parent to a reflection without one.
  const inherited = (reflection.extendedTypes ?? []).map((type) =>
    textOf(type.reflection?.comment),
  );
  // Of a function with overloads, only the implementation has one.
  const ofSignatures = signatures.map(({ comment }) => comment).filter(Boolean);
  const comments = ofSignatures.length ? ofSignatures : [reflection.comment];
  const texts = new Set(comments.map(textOf).filter((text) => text && !inherited.includes(text)));
  return { name: reflection.name, kind, code, text: [...texts].join("\n\n"), members };
}

const app = await Application.bootstrap({
  entryPoints: [here("loader/torch2web.ts")],
  tsconfig: here("tsconfig.json"),
  sort: ["source-order"],
  excludeInternal: true,
  disableSources: true, // links to a repository, which a checkout need not know
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  logLevel: "Warn",
});
const project = await app.convert();
if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
app.validate(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

const [out] = process.argv.slice(2);
await mkdir(out, { recursive: true });
await writeFile(
  join(out, "reference.json"),
  `${JSON.stringify(project.children.map(entryOf), null, 1)}\n`,
);
