/** Checks signatures as the loader does and prints the reason of refusal for each case, for comparison with Python. */
import { readFileSync } from "node:fs";
import { problemOf } from "../../web/loader/fetch/manifest/dsse.ts";

interface Case {
  bundle: string;
  file: string;
  /** PEM text or another value as JSON; `algorithm` makes a CryptoKey of the text, and `generate` a private one. */
  key: unknown;
  algorithm?: EcKeyImportParams;
  usages?: KeyUsage[];
  generate?: boolean;
}

async function keyOf({
  key,
  algorithm,
  usages,
  generate,
}: Case): Promise<unknown> {
  if (!algorithm) return key;
  if (generate) {
    const pair = await crypto.subtle.generateKey(algorithm, false, [
      "sign",
      "verify",
    ]);
    return pair.privateKey;
  }
  const der = Buffer.from((key as string).split("-----")[2]!, "base64");
  return crypto.subtle.importKey("spki", der, algorithm, false, usages!);
}

const cases = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Case[];
const reasons = [];
for (const one of cases) {
  const [bundle, file] = [one.bundle, one.file].map((text) =>
    Uint8Array.from(Buffer.from(text, "base64")),
  );
  reasons.push(await problemOf(bundle!, file!, await keyOf(one)));
}
console.log(JSON.stringify(reasons));
