/** Importing the package where there is no browser, or half of one: nothing runs and no global is touched. */
const before = Object.getOwnPropertyNames(globalThis);
await import("torch2web");
await import("./node_modules/torch2web/index.js"); // as a bundler for browsers takes it
globalThis.window = globalThis;
globalThis.document = {}; // as of jsdom
await import("./node_modules/torch2web/index.js?again");
const added = Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name));
console.log(JSON.stringify(added));
