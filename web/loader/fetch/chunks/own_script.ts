/** Where this script is. */
export interface OwnScript {
  /** Its address, also in a worker that was started from a copy. */
  url: string;
  /** A file of the page's own origin that imports it; undefined where the page gives none. */
  shim: string | undefined;
}

/** In the npm package, `import.meta.url` stands for the build. */
let own: OwnScript = { url: import.meta.url, shim: undefined };

export function ownScript(): OwnScript {
  return own;
}

/** Sets what only the page knows. */
export function setOwnScript(script: OwnScript): void {
  own = script;
}
