/**
 * Removes features that the oldest supported browsers lack: Safari 16.4, Chrome 109, Firefox 115. Imported before the
 * loader, in the page and in its workers.
 */
const remove = (object, names) => {
  for (const name of names) if (object) delete object[name];
};
remove(AbortSignal, ["any"]);
remove(Promise, ["withResolvers", "try"]);
remove(Array, ["fromAsync"]);
remove(Array.prototype, ["toSorted", "toReversed", "toSpliced", "with"]);
remove(Object.getPrototypeOf(Int8Array.prototype), [
  "toSorted",
  "toReversed",
  "with",
]);
remove(Object, ["groupBy"]);
remove(Map, ["groupBy"]);
remove(Set.prototype, [
  "union",
  "intersection",
  "difference",
  "symmetricDifference",
  "isSubsetOf",
  "isSupersetOf",
  "isDisjointFrom",
]);
remove(String.prototype, ["isWellFormed", "toWellFormed"]);
remove(ArrayBuffer.prototype, [
  "transfer",
  "transferToFixedLength",
  "resize",
  "detached",
]);
remove(Uint8Array, ["fromBase64", "fromHex"]);
remove(Uint8Array.prototype, ["toBase64", "toHex", "setFromHex"]);
remove(globalThis.Iterator?.prototype, [
  "map",
  "filter",
  "take",
  "drop",
  "flatMap",
  "reduce",
  "toArray",
  "forEach",
  "some",
  "every",
  "find",
]);
remove(Response.prototype, ["bytes"]);
remove(Blob.prototype, ["bytes"]);
remove(ReadableStream, ["from"]);
remove(ReadableStream.prototype, [Symbol.asyncIterator, "values"]);
remove(URL, ["canParse", "parse"]);
remove(WebAssembly, ["Suspending", "promising", "JSTag"]);
remove(globalThis, [
  "ReadableStreamBYOBReader",
  "Iterator",
  "ImageDecoder",
  "VideoFrame",
  "scheduler",
  "requestIdleCallback",
]);
remove(globalThis.HTMLVideoElement?.prototype, [
  "requestVideoFrameCallback",
  "cancelVideoFrameCallback",
]);
remove(globalThis.Navigator?.prototype, ["gpu"]);
remove(globalThis.WorkerNavigator?.prototype, ["gpu"]);

const { getReader } = ReadableStream.prototype;
ReadableStream.prototype.getReader = function (options) {
  if (options?.mode) throw new TypeError("no BYOB readers");
  return getReader.call(this);
};

if ("document" in globalThis) {
  // Safari before 17 ignores `modulepreload` and fires no event for it.
  const { supports } = DOMTokenList.prototype;
  DOMTokenList.prototype.supports = function (name) {
    return name !== "modulepreload" && supports.call(this, name);
  };
  const { set } = Object.getOwnPropertyDescriptor(
    HTMLLinkElement.prototype,
    "rel",
  );
  Object.defineProperty(HTMLLinkElement.prototype, "rel", {
    set(rel) {
      set.call(this, rel === "modulepreload" ? "unknown" : rel);
    },
  });
  // Workers start with this script too: the test serves `old-worker.js`, which imports both.
  const Modern = globalThis.Worker;
  globalThis.workers = 0;
  globalThis.Worker = class extends Modern {
    constructor(url, options) {
      super(new URL("/harness/old-worker.js", location.href), options);
      globalThis.workers++;
    }
  };
}
