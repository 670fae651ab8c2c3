/**
 * Collects the coverage of scripts in Chromium's pages and workers: `node collect.mjs PORT FILE`, where PORT is that of
 * Chromium's DevTools. Ends with the browser, or on SIGTERM; then FILE holds a list of scripts:
 * {url, source, covered: offsets in pairs, first and end}.
 *
 * Coverage is fetched several times a second. What a page runs in its last moments before it is closed is lost.
 */
import { writeFileSync } from "node:fs";

const INTERVAL = 150;
const [port, file] = process.argv.slice(2);

/** Mask of covered offsets and source, by URL and source. */
const scripts = new Map();
/** Scripts by session, script ID and URL: a page of another origin has a process of its own, which counts IDs anew. */
const known = new Map();
const pending = new Map();
const sessions = new Set();
/** Sessions whose answer is awaited. */
const polled = new Set();

const { webSocketDebuggerUrl } = await (
  await fetch(`http://127.0.0.1:${port}/json/version`)
).json();
const socket = new WebSocket(webSocketDebuggerUrl);
let calls = 0;

function send(method, params, sessionId) {
  const id = ++calls;
  socket.send(JSON.stringify({ id, method, params, sessionId }));
  return new Promise((resolve, reject) =>
    pending.set(id, { resolve, reject, sessionId }),
  );
}

const attachChildren = (sessionId, waitForDebuggerOnStart) =>
  send(
    "Target.setAutoAttach",
    { autoAttach: true, waitForDebuggerOnStart, flatten: true },
    sessionId,
  );

/**
 * Sends all at once: a service worker that is a module answers nothing before it may run, and the commands before
 * that count for its first line all the same.
 */
async function attach({ sessionId, targetInfo: { type } }) {
  const hasChildren = type === "page" || type === "worker";
  const answers = await Promise.allSettled([
    hasChildren && attachChildren(sessionId, true),
    send("Profiler.enable", {}, sessionId),
    send(
      "Profiler.startPreciseCoverage",
      { callCount: false, detailed: true },
      sessionId,
    ),
    send("Runtime.runIfWaitingForDebugger", {}, sessionId),
  ]);
  // Otherwise it is a target without scripts, or one that has ended.
  if (answers.slice(0, 3).every(({ status }) => status === "fulfilled"))
    sessions.add(sessionId);
}

/** The entry of a script; undefined for one of a document that has been left, whose source is gone. */
async function scriptOf({ scriptId, url }, sessionId) {
  const key = `${sessionId} ${scriptId} ${url}`;
  if (!known.has(key)) {
    await send("Debugger.enable", {}, sessionId);
    const found = await send(
      "Debugger.getScriptSource",
      { scriptId },
      sessionId,
    ).catch(() => undefined);
    await send("Debugger.disable", {}, sessionId);
    if (!found) return undefined;
    const { scriptSource } = found;
    const name = `${url.split("/").at(-1)}\n${scriptSource}`;
    if (!scripts.has(name)) {
      scripts.set(name, {
        url,
        source: scriptSource,
        mask: new Uint8Array(scriptSource.length),
      });
    }
    known.set(key, scripts.get(name));
  }
  return known.get(key);
}

/** Inner ranges override outer ones. */
function addTo(mask, functions) {
  const ranges = functions.flatMap((entry) => entry.ranges);
  ranges.sort(
    (a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset,
  );
  const now = new Uint8Array(mask.length);
  for (const { startOffset, endOffset, count } of ranges)
    now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  for (let i = 0; i < mask.length; i++) mask[i] |= now[i];
}

/** One call at a time for each target: a page that is busy, or stopped for good, must not hold up the others. */
async function poll(sessionId) {
  if (polled.has(sessionId)) return;
  polled.add(sessionId);
  try {
    const { result } = await send(
      "Profiler.takePreciseCoverage",
      {},
      sessionId,
    );
    for (const entry of result) {
      if (!/^https?:.*\.js$/.test(entry.url)) continue;
      const script = await scriptOf(entry, sessionId);
      if (script) addTo(script.mask, entry.functions);
    }
  } catch {
    // the target has ended
  }
  polled.delete(sessionId);
}

function finish() {
  const found = [...scripts.values()].map(({ url, source, mask }) => {
    const covered = [];
    for (let i = 0; i < mask.length; i++)
      if (mask[i] !== (mask[i - 1] ?? 0)) covered.push(i);
    return { url, source, covered };
  });
  writeFileSync(file, JSON.stringify(found));
  process.exit(0);
}

socket.addEventListener("message", ({ data }) => {
  const { id, result, error, method, params } = JSON.parse(data);
  if (id) {
    const call = pending.get(id);
    pending.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  } else if (method === "Target.attachedToTarget") {
    void attach(params);
  } else if (method === "Target.detachedFromTarget") {
    sessions.delete(params.sessionId);
    for (const [call, { reject, sessionId }] of pending) {
      if (sessionId !== params.sessionId) continue;
      pending.delete(call);
      reject(new Error("the target has ended"));
    }
  }
});
socket.addEventListener("close", finish);
process.on("SIGTERM", finish);
await new Promise((resolve) => socket.addEventListener("open", resolve));
await attachChildren(undefined, false);
console.log("ready");
for (;;) {
  for (const sessionId of sessions) void poll(sessionId);
  await new Promise((resolve) => setTimeout(resolve, INTERVAL));
}
