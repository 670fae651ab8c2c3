/** The elements of verify.html. */
import type { Progress } from "../loader/torch2web.ts";
import type { TestResult } from "./harness.ts";
import type { Outcome } from "./outcome.ts";

const element = (id: string): HTMLElement => document.getElementById(id)!;

/** What the tests ask, by function; others are named like their function. */
const TITLES: Record<string, string> = {
  test_tensor_by_standard_library: "The network gets the numbers that Python makes of the picture",
  test_tensor_by_numpy_and_pillow: "The network gets the numbers that NumPy and Pillow make of it",
  test_probabilities_by_numpy: "The percentages are those that NumPy computes",
  test_logits_are_pythons: "The raw scores are PyTorch's",
  test_label_is_pythons: "The answer is PyTorch's",
  test_probabilities_are_as_close_to_pytorchs_as_promised:
    "The percentages are as close to PyTorch's as this site promises",
  test_probabilities_are_the_softmax: "The percentages follow from the raw scores",
  test_exactness_is_claimed: "The page claims to have read the picture exactly",
  test_run_takes_pythons_tensor: "Numbers that Python prepared give the same raw scores",
  test_self_check_is_within_its_tolerance: "The check at the start found what it allows",
  test_file_is_what_was_built: "Every file is what was built",
  test_manifest_is_of_this_build: "The list of files is of this build",
  test_manifest_does_not_contradict_itself: "The list of files does not contradict itself",
  test_checksums_are_those_of_the_build: "The checksums are those of the build",
  test_parts_are_what_was_built: "The parts of the weights are what was built",
  test_loader_reads_the_same_manifest: "The page reads the same list of files",
};

const MARKS = { passed: "✓", failed: "✗", skipped: "–" };

/** By test function. */
const groups = new Map<string, Group>();
let ended = 0;
let total = 0;

interface Group {
  total: number;
  counts: Record<TestResult["outcome"], number>;
  heading: HTMLElement;
  list: HTMLElement;
}

export function showRunning(): void {
  document.documentElement.dataset["verdict"] = "running";
  element("start").hidden = true;
  element("progress-card").hidden = false;
}

/** Shows the current step. */
export function showStep(step: string): void {
  element("step").textContent = `${step} …`;
}

export function showProgress({ file, loaded, total: size }: Progress): void {
  const name = file.slice(file.lastIndexOf("/") + 1);
  element("download").textContent =
    loaded < size ? `${name}: ${Math.round((100 * loaded) / size)} %` : "";
}

/** Shows a line for each group of tests. */
export function showTests(names: readonly string[]): void {
  total = names.length;
  for (const name of names) groupOf(name).total += 1;
  for (const group of groups.values()) showCount(group);
  showBar();
}

export function showResult(result: TestResult): void {
  const group = groupOf(result.name);
  group.counts[result.outcome] += 1;
  ended += 1;
  const item = document.createElement("li");
  item.className = result.outcome;
  const name = document.createElement("span");
  name.textContent = `${MARKS[result.outcome]} ${caseOf(result.name)}`;
  const time = document.createElement("span");
  time.className = "time";
  time.textContent = `${result.seconds.toFixed(2)} s`;
  item.append(name, time);
  if (result.message) {
    const message = document.createElement("pre");
    message.textContent = result.message;
    item.append(message);
  }
  group.list.append(item);
  if (result.outcome === "failed") (group.list.parentElement as HTMLDetailsElement).open = true;
  showCount(group);
  showBar();
  element("step").textContent = `Checking: ${ended} of ${total}`;
}

const VERDICTS = {
  passed: "This device computes what Python computes.",
  failed: "This device computes something else.",
  incomplete: "The check could not be finished.",
};

export function showVerdict(
  outcome: Outcome,
  { problem, junit, notSent }: { problem: string; junit: string; notSent: string },
): void {
  const count = (wanted: TestResult["outcome"]): number =>
    outcome.tests.filter(({ outcome: found }) => found === wanted).length;
  const skipped = count("skipped") ? `, ${count("skipped")} not run` : "";
  const failed = count("failed") ? `, ${count("failed")} failed` : "";
  const sent = new URLSearchParams(location.search).has("post") && !notSent;
  const lines = [
    `${count("passed")} tests passed${failed}${skipped} in ${Math.round(outcome.seconds)} seconds.`,
    ...reasonsOf(outcome.tests).map(([why, n]) => `${n} not run: ${why}.`),
    ...outcome.models.map(({ name, backend, max_abs_diff: difference }) =>
      difference === null
        ? `${name}: no scores to compare, by ${backend}.`
        : `${name}: scores at most ${difference.toFixed(7)} away from PyTorch's, by ${backend}.`,
    ),
    ...(outcome.python ? [`Judged by Python ${outcome.python}.`] : []),
    ...(sent ? ["The result was sent to the computer that showed you this address."] : []),
    ...(notSent ? [`The result could not be sent: ${notSent}`] : []),
    ...(problem ? [problem] : []),
  ];
  const card = element("verdict");
  card.className = `card wide ${outcome.verdict}`;
  element("verdict-text").textContent = VERDICTS[outcome.verdict];
  element("verdict-lines").replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement("li"), { textContent: line })),
  );
  card.hidden = false;
  element("progress-card").hidden = true;
  if (junit) {
    const link = element("junit") as HTMLAnchorElement;
    link.href = URL.createObjectURL(new Blob([junit], { type: "application/xml" }));
    link.hidden = false;
  }
  // Last: it signals that the page is complete.
  document.documentElement.dataset["verdict"] = outcome.verdict;
}

function groupOf(name: string): Group {
  const key = functionOf(name);
  const known = groups.get(key);
  if (known) return known;
  const box = document.createElement("details");
  const heading = document.createElement("summary");
  const list = document.createElement("ul");
  box.append(heading, list);
  element("tests").append(box);
  element("tests-card").hidden = false;
  const group = { total: 0, counts: { passed: 0, failed: 0, skipped: 0 }, heading, list };
  groups.set(key, group);
  heading.dataset["title"] = titleOf(key);
  return group;
}

function showCount({ total: wanted, counts, heading }: Group): void {
  const { passed, failed, skipped } = counts;
  const whole = passed + skipped === wanted;
  const mark = failed ? MARKS.failed : !whole ? "" : passed ? MARKS.passed : MARKS.skipped;
  heading.className = failed ? "failed" : !whole ? "" : passed ? "passed" : "skipped";
  const count = skipped === wanted ? "not run" : `${passed + failed} of ${wanted - skipped}`;
  const [title, number] = [document.createElement("span"), document.createElement("span")];
  title.textContent = `${mark} ${heading.dataset["title"]}`.trim();
  number.className = "time";
  number.textContent = failed ? `${failed} failed` : count;
  heading.replaceChildren(title, number);
}

function showBar(): void {
  const bar = element("progress") as HTMLProgressElement;
  bar.max = total || 1;
  bar.value = ended;
}

/** `in_page/test_tensors.py::test_tensor[a-b]` → `test_tensor` */
function functionOf(name: string): string {
  return (name.split("::")[1] ?? name).replace(/\[.*/, "");
}

/** Why tests did not run, and how many for each reason. */
function reasonsOf(tests: readonly TestResult[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { outcome, message } of tests) {
    if (outcome === "skipped") counts.set(message, (counts.get(message) ?? 0) + 1);
  }
  return [...counts];
}

/** `test_of_a_new_kind` → `Of a new kind` */
function titleOf(key: string): string {
  const known = TITLES[key];
  if (known) return known;
  const words = key.replace(/^test_/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `in_page/test_tensors.py::test_tensor[a-b]` → `a-b` */
function caseOf(name: string): string {
  return /\[(.*)\]$/.exec(name)?.[1] ?? functionOf(name);
}
