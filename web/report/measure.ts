/**
 * What `torch2web report --browser` runs in a page of its own: how fast a model is in one backend, and its outputs for the
 * reference pictures. Not part of a site.
 */
import { loadModel } from "../loader/torch2web.ts";
import type { BackendName, Task } from "../loader/torch2web.ts";

export interface Request {
  name: string;
  task: Task;
  /** The only backend to use; null for the one that the loader chooses. */
  backend: BackendName | null;
  /** URLs of pictures; empty to measure the latency. */
  pictures: string[];
}

export interface Measured {
  backend: BackendName;
  description: string;
  /** Milliseconds of each run; empty with pictures. */
  times: number[];
  /** Outputs by picture; empty without. */
  outputs: number[][];
}

/** Runs whose time does not count: the first ones compile and warm caches. */
const WARM_UP = 3;

const MIN_RUNS = 10;
const MAX_RUNS = 50;
/** Milliseconds from which on no further run than MIN_RUNS is begun. */
const ENOUGH = 3000;

async function measure({ name, task, backend, pictures }: Request): Promise<Measured> {
  const backends = backend ? { backends: [backend] } : {};
  const model = await loadModel(name, { task, ...backends });
  const { name: used, description } = model.backend;
  const result: Measured = {
    backend: used,
    description,
    times: [],
    outputs: [],
  };
  if (pictures.length) {
    for (const url of pictures) {
      const image = await (await fetch(url)).blob();
      result.outputs.push([...(await model.predict(image)).logits]);
    }
  } else {
    const [, channels, height, width] = model.info.input.shape;
    const tensor = noise(channels * height * width);
    result.times = await timesOf(() => model.run(tensor));
  }
  await model.dispose();
  return result;
}

async function timesOf(run: () => Promise<unknown>): Promise<number[]> {
  for (let i = 0; i < WARM_UP; i++) await run();
  const times: number[] = [];
  const started = performance.now();
  while (
    times.length < MIN_RUNS ||
    (times.length < MAX_RUNS && performance.now() - started < ENOUGH)
  ) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  return times;
}

/** Values between -1 and 1, the same ones each time: zeros would be quicker than a picture. */
function noise(length: number): Float32Array {
  const values = new Float32Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

/** In a browser without a driver: fetches one request, posts its answer, and goes on in a fresh page. */
async function answerNext(queue: string): Promise<void> {
  const request = (await (await fetch(queue)).json()) as Request | null;
  if (!request) return;
  let answer: { measured: Measured } | { problem: string };
  try {
    answer = { measured: await measure(request) };
  } catch (error) {
    answer = { problem: String(error) };
  }
  await fetch(queue, { method: "POST", body: JSON.stringify(answer) });
  location.reload();
}

Object.assign(globalThis, { measure });
const queue = new URLSearchParams(location.search).get("queue");
if (queue) void answerNext(queue);
document.documentElement.dataset["ready"] = "";
