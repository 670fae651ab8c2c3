interface Builtins {
  "node:fs/promises": typeof import("node:fs/promises");
  "node:module": typeof import("node:module");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:url": typeof import("node:url");
}

/** A module of Node. Not imported, as bundlers for other servers would refuse the import. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  return process.getBuiltinModule(name);
}
