/** Workers of a loader that the page may not start by its address: a chunk of the loader. */

interface Policy {
  createScriptURL: (url: string) => string;
}

interface TrustedTypes {
  createPolicy: (name: string, rules: Policy) => Policy;
}

/** Name of the Trusted Types policy, which a page has to allow that requires them. */
const POLICY = "torch2web";

/** The file that a page of another origin may have a copy of, as embed.html shows it. */
const SHIM = "torch2web-worker.js";

let policy: Policy | undefined;
/** A copy of the script, for all workers of the page. */
let copy: string | undefined;

/**
 * Starts the script at `url`, whose checked bytes are `bytes`: of the page's own origin by its address, else from a copy
 * (`blob:`), since browsers start no worker of another origin. Raises an Error that says what forbids it.
 */
export function startElsewhere(
  url: URL,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): { worker: Worker; problem: string } {
  const isOwn = url.origin === globalThis.origin;
  copy ??= isOwn ? url.href : URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
  const problem = isOwn ? trustedTypesProblem() : elsewhereProblem(url);
  try {
    return { worker: new Worker(trusted(copy), { type: "module", name }), problem };
  } catch (error) {
    const required = String(error).includes("TrustedScriptURL");
    throw new Error(`${required ? trustedTypesProblem() : problem} (${String(error)})`, {
      cause: error,
    });
  }
}

/** `url`, as pages that require Trusted Types take it, if they allow the policy. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  try {
    policy ??= trustedTypes?.createPolicy(POLICY, { createScriptURL: (own) => own });
  } catch {
    return url; // refused: the browser says so when the worker is started
  }
  return policy?.createScriptURL(url) ?? url;
}

function trustedTypesProblem(): string {
  return `this page requires Trusted Types; allow the policy of the loader: Content-Security-Policy: trusted-types ${POLICY}`;
}

function elsewhereProblem({ origin }: URL): string {
  if (globalThis.origin === "null") {
    return "this page is in a sandboxed frame, whose workers the browser or the page's policy forbids; add allow-same-origin to its sandbox";
  }
  return (
    `the loader is from another origin (${origin}), so its worker starts from a blob: URL, which this page's ` +
    "Content-Security-Policy forbids; add worker-src blob: to it, or put " +
    `${SHIM} (embed.html of the site shows its line) on your own server and pass { worker: "/${SHIM}" }`
  );
}
