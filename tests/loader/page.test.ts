/** The page's modules that need no DOM. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../../web/page/camera/announce.ts";
import { LastMinute } from "../../web/page/camera/last_minute.ts";
import {
  isOther,
  Meter,
  rateFor,
  smoothingFor,
} from "../../web/page/camera/rate.ts";
import { inputIn } from "../../web/page/heatmap/placement.ts";
import { csvOf } from "../../web/page/results/csv.ts";
import {
  recordsOf,
  tableOf,
  type Line,
} from "../../web/page/results/export.ts";
import { resultOf } from "../../web/page/results/result.ts";
import type { Prediction, StepInfo } from "../../web/loader/torch2web.ts";

test("CSV is quoted as in RFC 4180, and no text is a formula", () => {
  const rows = [
    ["plain", 1.5, true, undefined],
    ['say "hi", twice', -2, "two\r\nlines", ""],
    ["=1+1", "+1", "-1", "@SUM(A1)"],
    ["\tx", "＝1", "a=b", "é"],
  ];
  equal(
    csvOf(rows),
    "\uFEFFplain,1.5,true,\r\n" +
      '"say ""hi"", twice",-2,"two\r\nlines",\r\n' +
      "'=1+1,'+1,'-1,'@SUM(A1)\r\n" +
      "'\tx,'＝1,a=b,é\r\n",
  );
});

const time = new Date("2026-01-02T03:04:05Z");

function line(picture: string, scores: [string, number][] | undefined): Line {
  const result = scores && {
    answer: scores[0]![0],
    confidence: 0.75,
    scores,
    indices: [0],
  };
  const problem = result ? "" : "This picture cannot be read here";
  return {
    picture,
    network: "N",
    time,
    exact: result && true,
    problem,
    result,
  };
}

test("an export has a column for each label of any network, repeated ones too", () => {
  const lines = [
    line("a.jpg", [
      ["cat", 0.75],
      ["dog", 0.25],
    ]),
    line("b.jpg", undefined),
    line("c.jpg", [
      ["dog", 0.75],
      ["cat", 0.2],
      ["dog", 0.05],
    ]),
  ];
  const [titles, first, second, third] = tableOf(lines);
  const fixed = [
    "picture",
    "answer",
    "confidence",
    "network",
    "time",
    "exact",
    "problem",
    "doubtful",
  ];
  deepEqual(titles, [...fixed, "cat", "dog", "dog (2)"]);
  const at = "2026-01-02T03:04:05.000Z";
  deepEqual(first, [
    "a.jpg",
    "cat",
    0.75,
    "N",
    at,
    true,
    "",
    undefined,
    0.75,
    0.25,
    undefined,
  ]);
  deepEqual(second!.slice(0, 3), ["b.jpg", "", undefined]);
  equal(second![6], "This picture cannot be read here");
  equal(second!.length, 11);
  deepEqual(third!.slice(8), [0.2, 0.75, 0.05]);
  const records = recordsOf(lines) as Record<string, unknown>[];
  deepEqual(records[0]!.scores, [
    { name: "cat", score: 0.75 },
    { name: "dog", score: 0.25 },
  ]);
  ok(!("answer" in records[1]!));
});

test("a prediction of any task is one line", () => {
  const softmax = {
    label: "dog",
    confidence: 0.5,
    probabilities: [0.5, 0.5],
  } as Prediction;
  deepEqual(resultOf({ labels: ["dog", "dog"] }, softmax).indices, [0]);
  const labels = [
    { label: "b", index: 1, probability: 0.9 },
    { label: "a", index: 0, probability: 0.6 },
  ];
  const sigmoid = {
    ...softmax,
    labels,
    probabilities: [0.6, 0.9],
  } as Prediction;
  const found = resultOf({ labels: ["a", "b"] }, sigmoid);
  deepEqual(
    [found.answer, found.confidence, found.indices],
    ["b, a", undefined, [1, 0]],
  );
  const none = resultOf({ labels: ["a", "b"] }, { ...sigmoid, labels: [] });
  deepEqual([none.answer, none.indices], ["None of them", []]);
});

function input(width: number, height: number, ...steps: StepInfo[]): number[] {
  const {
    x,
    y,
    width: across,
    height: down,
  } = inputIn({ steps }, width, height);
  return [x, y, across, down].map((value) => Math.round(value * 1000) / 1000);
}

test("the network's input lies in the picture where the steps put it", () => {
  const to = (size: number | [number, number], more = {}): StepInfo => ({
    op: "resize",
    size,
    filter: "bilinear",
    ...more,
  });
  const crop: StepInfo = { op: "center_crop", size: [224, 224] };
  deepEqual(input(640, 480, to([224, 224])), [0, 0, 640, 480]);
  // The shorter edge is resized to 256, of which 224 are cropped: 420 of 480 pixels.
  deepEqual(input(640, 480, to(256), crop), [110, 30, 420, 420]);
  deepEqual(input(480, 640, to(256), crop), [30, 110, 420, 420]);
  deepEqual(
    input(640, 480, to([224, 224], { fit: "cover" }), crop),
    [80, 0, 480, 480],
  );
  deepEqual(input(1000, 500, to(256, { max_size: 400 })), [0, 0, 1000, 500]);
  const fill: [number, number, number] = [0, 0, 0];
  const letterbox: StepInfo = {
    op: "letterbox",
    size: [320, 320],
    filter: "bilinear",
    fill,
  };
  deepEqual(input(640, 480, letterbox), [0, -80, 640, 640]);
  deepEqual(
    input(640, 480, to([100, 200], { fit: "contain" })),
    [0, 0, 640, 480],
  );
  const pad: StepInfo = {
    op: "pad",
    padding: [10, 20, 30, 40],
    fill,
    mode: "constant",
  };
  deepEqual(
    input(100, 100, pad, { op: "grey", channels: 1 }),
    [-10, -20, 140, 160],
  );
  deepEqual(
    input(100, 100, { op: "center_crop", size: [120, 50] }),
    [25, -10, 50, 120],
  );
});

test("the rate leaves time for the page, and falls where the page is hidden", () => {
  equal(rateFor(10, true), 30);
  equal(rateFor(70, true), 10);
  equal(rateFor(70, false), 2);
  equal(rateFor(7000, true), 0.5);
  ok(isOther(10, 5) && !isOther(11, 10));
  const meter = new Meter();
  for (const duration of [900, 20, 20, 20, 20, 20, 20, 20, 20]) {
    ok(!meter.isFull);
    meter.add(duration);
  }
  ok(meter.isFull);
  equal(meter.median, 20);
  // The same decay over the same time, for any number of predictions.
  const faded = (rate: number): number => smoothingFor(rate) ** (rate * 0.4);
  ok(Math.abs(faded(5) - faded(25)) < 1e-12);
});

test("the last minute forgets, breaks off where nothing was answered, and counts", () => {
  const minute = new LastMinute();
  for (let second = 0; second < 100; second++) {
    if (second >= 70 && second < 80) continue;
    const scores = second < 90 ? [0.1, 0.7, 0.2] : [0.1, 0.2, 0.7];
    minute.add({ time: 1000 * second, scores, answers: [second < 90 ? 1 : 2] });
  }
  const runs = minute.runs(99_000);
  deepEqual(
    runs.map((run) => [run[0]!.time, run.at(-1)!.time]),
    [
      [40_000, 69_000],
      [80_000, 99_000],
    ],
  );
  deepEqual(minute.strongest(99_000, 3, 2), [1, 2]);
  deepEqual(minute.shares(99_000, 3), [0, 0.8, 0.2]);
  deepEqual(minute.range(99_000), [0.1, 0.7]);
  minute.clear();
  deepEqual(minute.runs(99_000), []);
});

test("answers that stay are announced, seldom", () => {
  const said: [string, number][] = [];
  let now = 0;
  const announcer = new Announcer((text) => said.push([text, now]));
  const answers = (text: string, until: number): void => {
    for (; now < until; now += 100) announcer.add(text, now);
  };
  answers("cat", 2000);
  answers("dog", 2500); // too short
  answers("cat", 5000);
  answers("dog", 7500);
  answers("cat", 20_000);
  deepEqual(
    said.map(([text]) => text),
    ["cat", "dog", "cat"],
  );
  ok(said[2]![1] - said[1]![1] >= 4000);
});
