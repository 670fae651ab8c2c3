/**
 * Prints which lines of the TypeScript below web/ the tests run: `node report.mjs FOLDER`.
 *
 * FOLDER holds what collect.mjs wrote (scripts-*.json, of bundled scripts) and what Node wrote (node/*.json, of sources). The
 * bundles are built again with source maps. A line counts if code of it is in a bundle, and is covered if any of that ran.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [folder] = process.argv.slice(2);
const web = fileURLToPath(new URL("../../web/", import.meta.url));
const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Covered and all lines of each source, by path below web/. */
const lines = new Map();

function addLine(source, line, covered) {
  const entry = lines.get(source) ?? lines.set(source, new Map()).get(source);
  entry.set(line, covered || (entry.get(line) ?? false));
}

/** [column, source, line] of each mapping, by generated line (Source Map, revision 3). */
function decodeMappings(mappings) {
  let source = 0;
  let line = 0;
  return mappings.split(";").map((group) => {
    let column = 0;
    return group
      .split(",")
      .filter(Boolean)
      .map((segment) => {
        const values = [];
        let value = 0;
        let shift = 0;
        for (const letter of segment) {
          const digit = DIGITS.indexOf(letter);
          value += (digit & 31) << shift;
          shift += 5;
          if (digit & 32) continue;
          values.push(value & 1 ? -(value >> 1) : value >> 1);
          value = shift = 0;
        }
        column += values[0];
        source += values[1] ?? 0;
        line += values[2] ?? 0;
        return [column, source, line];
      });
  });
}

/** A bundle's text and the mappings of its offsets. */
function readBundle(path) {
  const text = readFileSync(path, "utf8");
  const { sources, mappings } = JSON.parse(readFileSync(`${path}.map`, "utf8"));
  const starts = [0];
  for (const line of text.split("\n"))
    starts.push(starts.at(-1) + line.length + 1);
  const points = decodeMappings(mappings).flatMap((group, row) =>
    group.map(([column, source, line]) => [
      starts[row] + column,
      sources[source],
      line + 1,
    ]),
  );
  return { text, points };
}

/** Where offsets of a bundle are in a site's script, whose placeholders are filled in; undefined for another script. */
function alignment(text, script) {
  const pieces = [];
  let at = 0;
  let from = 0;
  for (const piece of text.split(/"?__[A-Z_0-9]+__"?/)) {
    const start = script.indexOf(piece, at); // the service worker begins with a list of files
    if (start < 0) return undefined;
    from = text.indexOf(piece, from);
    pieces.push([from, from + piece.length, start - from]);
    from += piece.length;
    at = start + piece.length;
  }
  return (offset) => {
    const piece = pieces.find(
      ([first, end]) => first <= offset && offset < end,
    );
    return piece && offset + piece[2];
  };
}

/** Whether an offset is in one of the ranges whose borders are given in order. */
function contains(borders, offset) {
  let low = 0;
  let high = borders.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (borders[middle] <= offset) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}

function addBundles(out) {
  const bundles = readdirSync(out)
    .filter((name) => name.endsWith(".js.map"))
    .map((name) => [
      name.slice(0, -4).replace(/(-[0-9a-f]{32})?\.js$/, ""),
      readBundle(join(out, name.slice(0, -4))),
    ]);
  for (const [, { points }] of bundles) {
    for (const [, source, line] of points)
      addLine(relative(web, resolve(out, source)), line, false);
  }
  for (const name of readdirSync(folder).filter((name) =>
    name.startsWith("scripts-"),
  )) {
    for (const { url, source: script, covered } of JSON.parse(
      readFileSync(join(folder, name), "utf8"),
    )) {
      const stem = basename(new URL(url).pathname).replace(
        /(-[0-9a-f]{32})?\.js$/,
        "",
      );
      for (const [, { text, points }] of bundles.filter(
        ([name]) => name === stem,
      )) {
        const place = alignment(text, script);
        for (const [offset, source, line] of place ? points : []) {
          if (contains(covered, place(offset) ?? -1))
            addLine(relative(web, resolve(out, source)), line, true);
        }
      }
    }
  }
}

/** Adds what Node ran of the sources themselves: removed types leave blanks, so that offsets are the source's. */
function addNode() {
  let names;
  try {
    names = readdirSync(join(folder, "node"));
  } catch {
    return;
  }
  for (const name of names) {
    const { result } = JSON.parse(
      readFileSync(join(folder, "node", name), "utf8"),
    );
    for (const { url, functions } of result) {
      if (!url.startsWith("file:") || !url.endsWith(".ts")) continue;
      const path = relative(web, fileURLToPath(url));
      if (!lines.has(path)) continue;
      const ranges = functions.flatMap((entry) => entry.ranges);
      ranges.sort(
        (a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset,
      );
      const text = readFileSync(fileURLToPath(url), "utf8");
      const mask = new Uint8Array(text.length);
      for (const { startOffset, endOffset, count } of ranges)
        mask.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      let start = 0;
      for (const [row, line] of text.split("\n").entries()) {
        const first = start + line.length - line.trimStart().length;
        if (lines.get(path).has(row + 1) && mask[first])
          addLine(path, row + 1, true);
        start += line.length + 1;
      }
    }
  }
}

/** "3, 7-9" for [3, 7, 8, 9]. */
function spans(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.at(-1)?.[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(", ");
}

const out = mkdtempSync(join(tmpdir(), "coverage-"));
const [, version] = /^version = "(.+)"$/m.exec(
  readFileSync(join(web, "../pyproject.toml"), "utf-8"),
);
try {
  for (const target of ["scripts", "offline"]) {
    execFileSync(process.execPath, ["build.mjs", target, out, version], {
      cwd: web,
      env: { ...process.env, SOURCE_MAPS: "1", NODE_V8_COVERAGE: "" },
    });
  }
  addBundles(out);
} finally {
  rmSync(out, { recursive: true });
}
addNode();

let all = 0;
let missed = 0;
const row = (name, count, missing, cover, where) =>
  console.log(
    `${name.padEnd(44)}${`${count}`.padStart(7)}${`${missing}`.padStart(7)}${cover.padStart(7)}   ${where}`,
  );
const percent = (count, missing) =>
  `${Math.floor((100 * (count - missing)) / count)}%`;
row("Name", "Lines", "Miss", "Cover", "Missing");
for (const [name, entry] of [...lines].sort(([a], [b]) => a.localeCompare(b))) {
  if (name.startsWith("..") || name.includes("node_modules")) continue;
  const missing = [...entry]
    .flatMap(([line, covered]) => (covered ? [] : [line]))
    .sort((a, b) => a - b);
  all += entry.size;
  missed += missing.length;
  if (missing.length)
    row(
      name,
      entry.size,
      missing.length,
      percent(entry.size, missing.length),
      spans(missing),
    );
}
row("TOTAL", all, missed, percent(all, missed), "");
