/** Recalibration of a camera's predictions, with a clock and a server of the test's. */
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { Correction } from "../../web/loader/load/recalibrate/correction.ts";
import { millisecondsOf } from "../../web/loader/load/recalibrate/recalibrate.chunk.ts";
import { Recalibrator } from "../../web/loader/load/recalibrate/recalibrator.ts";
import {
  askServer,
  NoAnswer,
  probabilitiesIn,
} from "../../web/loader/load/recalibrate/server_answer.ts";
import type { Recalibration } from "../../web/loader/torch2web.ts";

const EVERY = 30_000;

function near(found: number[], expected: number[]): void {
  equal(found.length, expected.length);
  found.forEach((value, at) =>
    ok(
      Math.abs(value - expected[at]!) < 1e-9,
      `${found.join()}, not ${expected.join()}`,
    ),
  );
}

test("the difference is added whole at first, and fades by half in each interval", () => {
  const correction = new Correction(EVERY, true);
  equal(correction.weight(0), 0);
  near(correction.apply([0.5, 0.5], 0), [0.5, 0.5]);
  correction.set([0.6, 0.4], [0.2, 0.8], 1000);
  near(correction.apply([0.6, 0.4], 1000), [0.2, 0.8]);
  near(correction.apply([0.7, 0.3], 1000), [0.3, 0.7]);
  near(correction.apply([0.6, 0.4], 1000 + EVERY), [0.4, 0.6]);
  near(correction.apply([0.6, 0.4], 1000 + 2 * EVERY), [0.5, 0.5]);
  near(correction.apply([0.6, 0.4], 1000 + 5 * EVERY), [0.6, 0.4]);
});

test("a corrected average consists of probabilities", () => {
  const exclusive = new Correction(EVERY, true);
  exclusive.set([0.9, 0.1, 0], [0, 0, 1], 0);
  near(exclusive.apply([0, 1, 0], 0), [0, 0.9 / 1.9, 1 / 1.9]);
  const independent = new Correction(EVERY, false);
  independent.set([0.9, 0.1], [0, 0.9], 0);
  near(independent.apply([0.2, 0.7], 0), [0, 1]);
});

/** A recalibrator whose surroundings the test decides. */
class Scene {
  time = 1_000_000;
  agrees: boolean | Error = true;
  says: number[] | NoAnswer | Error | Promise<number[]> = [0.2, 0.8];
  readonly changes: Recalibration[] = [];
  sent = 0;
  readonly recalibrator = new Recalibrator(EVERY, true, {
    now: () => this.time,
    consent: async () => {
      if (this.agrees instanceof Error) throw this.agrees;
      return this.agrees;
    },
    ask: async () => {
      this.sent++;
      if (this.says instanceof Error) throw this.says;
      return this.says;
    },
    onChange: (change) => this.changes.push(change),
  });

  /** A frame that this device answers with 60 and 40 %. */
  async frame(): Promise<number[]> {
    if (this.recalibrator.wantsFrame()) {
      await this.recalibrator.send(
        async () => new Blob(["picture"]),
        [0.6, 0.4],
      );
    }
    await new Promise(setImmediate);
    return this.recalibrator.apply([0.6, 0.4])[0];
  }

  /** Two frames after a time: the first asks for consent, the second is sent. */
  async after(milliseconds: number): Promise<number[]> {
    this.time += milliseconds;
    await this.frame();
    return this.frame();
  }

  states(): string[] {
    return this.changes.splice(0).map(({ state }) => state);
  }
}

test("a picture leaves with consent, once in an interval, and each change is told", async () => {
  const scene = new Scene();
  near(await scene.after(0), [0.2, 0.8]);
  deepEqual(scene.recalibrator.apply([0.6, 0.4])[1], {
    time: scene.time,
    weight: 1,
  });
  deepEqual(scene.changes, [
    { state: "asking", time: scene.time },
    { state: "sending", time: scene.time, bytes: 7 },
    { state: "corrected", time: scene.time, next: scene.time + EVERY },
  ]);
  await scene.after(EVERY - 1);
  equal(scene.sent, 1);
  await scene.after(1);
  equal(scene.sent, 2);
});

test("without consent nothing leaves, and consent may come and go", async () => {
  const scene = new Scene();
  scene.agrees = false;
  for (let minute = 0; minute < 5; minute++)
    near(await scene.after(60_000), [0.6, 0.4]);
  equal(scene.sent, 0);
  deepEqual(new Set(scene.states()), new Set(["asking", "declined"]));
  scene.agrees = true;
  near(await scene.after(60_000), [0.2, 0.8]);
  scene.agrees = false;
  await scene.after(60_000);
  equal(scene.sent, 1);
});

test("consent that is older than some seconds is asked for again", async () => {
  const scene = new Scene();
  await scene.frame();
  scene.agrees = false;
  scene.time += 6000; // paused
  await scene.frame();
  await scene.frame();
  equal(scene.sent, 0);
});

test("while a server is gone its correction fades, and it is asked less and less often", async () => {
  const scene = new Scene();
  await scene.after(0);
  scene.says = new NoAnswer("The server cannot be reached.");
  near(await scene.after(EVERY), [0.4, 0.6]);
  const waits = [];
  for (let failure = 0; failure < 6; failure++) {
    const { next } = scene.changes.at(-1)!;
    waits.push((next! - scene.time) / EVERY);
    await scene.after(next! - scene.time);
  }
  deepEqual(waits, [1, 2, 4, 8, 16, 16]);
  near(await scene.frame(), [0.6, 0.4]);
  equal(scene.recalibrator.apply([0.6, 0.4])[1], undefined);
  scene.says = [0.2, 0.8];
  near(await scene.after(16 * EVERY), [0.2, 0.8]);
  equal(scene.changes.at(-1)!.next, scene.time + EVERY);
});

test("a busy server is left alone for as long as it asks", async () => {
  const scene = new Scene();
  scene.says = new NoAnswer("status 503", { wait: 10 * EVERY });
  await scene.after(0);
  equal(scene.changes.at(-1)!.next, scene.time + 10 * EVERY);
});

test("after three refusals that will not change nothing is sent any more", async () => {
  const scene = new Scene();
  scene.says = new NoAnswer("The server answered with the status 401.", {
    lasting: true,
  });
  for (let turn = 0; turn < 40; turn++) await scene.after(EVERY);
  equal(scene.sent, 3);
  const { state, problem, next } = scene.changes.at(-1)!;
  deepEqual([state, next], ["ended", undefined]);
  match(problem!, /401/);
});

test("a slow answer counts from the time of its picture", async () => {
  const scene = new Scene();
  let answer: (probabilities: number[]) => void = () => {};
  scene.says = new Promise<number[]>((resolve) => (answer = resolve));
  await scene.frame();
  void scene.frame();
  scene.time += EVERY;
  near(await scene.frame(), [0.6, 0.4]);
  equal(scene.sent, 1, "one picture at a time");
  answer([0.2, 0.8]);
  near(await scene.frame(), [0.4, 0.6]);
});

test("errors of the page's functions end nothing", async () => {
  const reported: unknown[] = [];
  globalThis.reportError = (error) => void reported.push(error);
  const scene = new Scene();
  scene.agrees = new Error("the page's");
  near(await scene.after(0), [0.6, 0.4]);
  equal(reported.length, 1);
  scene.agrees = true;
  scene.says = new Error("of the browser");
  near(await scene.after(EVERY), [0.6, 0.4]);
  match(scene.changes.at(-1)!.problem!, /could not be sent/);
});

const LABELS = ["a", "b"];
const RIGHT = { model: { labels: LABELS }, probabilities: [0.25, 0.75] };

test("answers are checked", () => {
  deepEqual(probabilitiesIn(RIGHT, LABELS, true), [0.25, 0.75]);
  for (const wrong of [
    null,
    "text",
    [],
    {},
    { ...RIGHT, model: { labels: ["b", "a"] } },
    { ...RIGHT, probabilities: [1] },
    { ...RIGHT, probabilities: [0.25, "0.75"] },
    { ...RIGHT, probabilities: [1.5, -0.5] },
    { ...RIGHT, probabilities: [0.2, 0.2] },
    { ...RIGHT, probabilities: [null, null] },
  ]) {
    ok(
      probabilitiesIn(wrong, LABELS, true) instanceof NoAnswer,
      JSON.stringify(wrong),
    );
  }
  deepEqual(
    probabilitiesIn({ ...RIGHT, probabilities: [0.2, 0.2] }, LABELS, false),
    [0.2, 0.2],
  );
});

test("whatever a server does is an answer or a reason", async () => {
  const asked = {
    url: new URL("https://server.example/api/predict"),
    headers: { Authorization: "Bearer x" },
    labels: LABELS,
    exclusive: true,
    signal: new AbortController().signal,
  };
  const requests: RequestInit[] = [];
  const ask = async (
    respond: () => Promise<Response>,
  ): Promise<number[] | NoAnswer> => {
    globalThis.fetch = (_, init) => {
      requests.push(init!);
      return respond();
    };
    return askServer(new Blob(["x"]), asked);
  };
  deepEqual(await ask(async () => Response.json(RIGHT)), [0.25, 0.75]);
  const [{ credentials, headers, referrerPolicy, redirect }] = requests as [
    RequestInit,
  ];
  deepEqual(
    [credentials, referrerPolicy, redirect],
    ["omit", "no-referrer", "error"],
  );
  deepEqual(headers, {
    Authorization: "Bearer x",
    "Content-Type": "image/jpeg",
  });
  const reasons: [() => Promise<Response>, RegExp, boolean, number][] = [
    [
      () => Promise.reject(new TypeError("Failed to fetch")),
      /cannot be reached/,
      false,
      0,
    ],
    [async () => new Response("<html>"), /no JSON/, false, 0],
    [async () => new Response("", { status: 401 }), /status 401/, true, 0],
    [async () => new Response("", { status: 500 }), /status 500/, false, 0],
    [
      async () =>
        new Response("", { status: 503, headers: { "Retry-After": "7" } }),
      /status 503/,
      false,
      7000,
    ],
  ];
  for (const [respond, problem, lasting, wait] of reasons) {
    const found = await ask(respond);
    ok(found instanceof NoAnswer);
    match(found.problem, problem);
    deepEqual([found.lasting, found.wait], [lasting, wait]);
  }
});

test("intervals", () => {
  deepEqual(
    ["30s", "2min", "1500ms", "1h", 5000].map(millisecondsOf),
    [30_000, 120_000, 1500, 3_600_000, 5000],
  );
  for (const wrong of ["30", "s", "0.5s", 999, NaN, Infinity, "-3s", ""]) {
    throws(() => millisecondsOf(wrong), RangeError);
  }
});
