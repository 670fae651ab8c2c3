/** The index of a store of versions: `converter/torch2web/versions/index.py` writes it. */
import { ManifestError, SignatureError } from "../../api/errors.ts";

/** localStorage's key of this visitor's draw, a number from 0 to 1 that decides on canaries. */
const DRAW = "torch2web-draw";

/** localStorage's key of the latest index that was seen, with its URL. */
const SEEN = "torch2web-index";

interface StoreIndex {
  schema_version: 1;
  /** Of two indexes of a store, the later one has the greater number. */
  change?: number;
  /** Number of a build. */
  latest: number;
  /** Number of the canary, and the share of the visitors who get it, 0 to 1. */
  next?: number;
  share?: number;
  /** SHA-256 of the manifest, in hex, by number. */
  builds: Record<string, string>;
  /** Number of a build by version, by model. */
  models: Record<string, Record<string, number>>;
}

/**
 * SHA-256 of the manifest that `name` means: `model@latest`, where a canary counts, `model@1`, `model@1.2` or
 * `model@1.2.0`. The beginning of a version means the newest build up to the latest. `signedAt` is the URL of an index
 * whose signature was checked: one that is older than this device has seen there is refused, as its signature stays
 * valid. Raises ManifestError or SignatureError.
 */
export function pinInIndex(bytes: Uint8Array, name: string, signedAt?: string): string {
  const index = read(bytes);
  if (signedAt !== undefined) requireLatest(index, signedAt);
  const [model = "", version = ""] = name.split("@");
  const versions = index.models[model] ?? {};
  const number =
    version === "latest"
      ? forVisitor(index)
      : (versions[version] ?? newest(index, versions, version));
  const pin = index.builds[String(number)];
  if (pin !== undefined && /^[0-9a-f]{64}$/.test(pin)) return pin;
  const known = Object.keys(versions).join(", ") || "none";
  throw new ManifestError(
    "",
    `the store has no ${JSON.stringify(name)}; of ${model} it has ${known}`,
  );
}

function read(bytes: Uint8Array): StoreIndex {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Refused below.
  }
  const index = found as StoreIndex | undefined;
  if (index?.schema_version === 1) return index;
  throw new ManifestError("", "versions.json is no index of a store that this loader reads");
}

function requireLatest({ change = 0 }: StoreIndex, url: string): void {
  const key = `${SEEN} ${url}`;
  let seen = 0;
  try {
    seen = Number(localStorage.getItem(key));
    if (change > seen) localStorage.setItem(key, String(change));
  } catch {
    // Such as in Node, or a sandboxed frame: nothing is remembered there.
  }
  if (change >= seen) return;
  const reason = `found an older index, number ${change}, than this device has seen, ${seen}; publish or roll back anew, which signs a later one`;
  throw new SignatureError(url, reason);
}

function newest(
  { latest }: StoreIndex,
  versions: Record<string, number>,
  beginning: string,
): number {
  const fitting = Object.keys(versions).filter((version) => version.startsWith(`${beginning}.`));
  return Math.max(
    ...fitting.map((version) => versions[version]!).filter((build) => build <= latest),
  );
}

/** The canary for its share of the visitors: the same visitor gets the same answer while the canary stays. */
function forVisitor({ latest, next, share = 0, builds }: StoreIndex): number {
  const draw = next === undefined ? undefined : drawOf();
  if (next === undefined || draw === undefined) return latest;
  // Moved by the build's hash: not the same visitors try every canary.
  const moved = draw + Number.parseInt(builds[String(next)]?.slice(0, 8) ?? "0", 16) / 2 ** 32;
  return moved % 1 < share ? next : latest;
}

/** This visitor's draw; undefined where the browser keeps none, so that no visitor changes from load to load. */
function drawOf(): number | undefined {
  try {
    const kept = localStorage.getItem(DRAW);
    if (kept !== null) return Number(kept);
    const draw = crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
    localStorage.setItem(DRAW, String(draw));
    return draw;
  } catch {
    return undefined; // such as a worker, Node, or a sandboxed frame
  }
}
