/**
 * Checks a signature that OpenSSF's model-signing makes for one file with an ECDSA key on P-256: a sigstore bundle
 * (https://docs.sigstore.dev/about/bundle/) with a DSSE envelope (https://github.com/secure-systems-lab/dsse) around an
 * in-toto statement with the file's digest.
 */
import { subtleCrypto } from "../subtle_crypto.ts";

const BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD = "application/vnd.in-toto+json";
const STATEMENT = "https://in-toto.io/Statement/v1";
const PREDICATE = "https://model_signing/signature/v1.0";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

interface Bundle {
  mediaType: string;
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

interface Statement {
  _type: string;
  predicateType: string;
  subject: { digest: { sha256: string } }[];
}

/** Why a signature was refused, for people. */
class Refusal extends Error {}

/** Why `bundle` does not sign `file` with the private key of `publicKey`; empty where it does. */
export async function problemOf(
  bundle: Uint8Array<ArrayBuffer>,
  file: Uint8Array<ArrayBuffer>,
  publicKey: unknown,
): Promise<string> {
  try {
    await check(bundle, file, publicKey);
    return "";
  } catch (error) {
    return error instanceof Refusal ? error.message : `it cannot be checked: ${String(error)}`;
  }
}

async function check(
  bundle: Uint8Array<ArrayBuffer>,
  file: Uint8Array<ArrayBuffer>,
  publicKey: unknown,
): Promise<void> {
  const subtle = subtleCrypto();
  if (!subtle) {
    throw new Refusal(
      "browsers check signatures only on pages from https:// or localhost; serve this page over HTTPS",
    );
  }
  const key = await importKey(subtle, publicKey);
  const { payload, signature } = read(bundle);
  const message = preAuthenticationEncoding(payload);
  if (!(await subtle.verify({ ...ALGORITHM, hash: "SHA-256" }, key, signature, message))) {
    throw new Refusal(
      "found a signature that publicKey does not fit: it was made with another key or changed afterwards; sign again, " +
        "or give the public key that belongs to the signature",
    );
  }
  const signed = digestIn(payload);
  // model-signing hashes the list of the digests of a model's files, here of one.
  const digest = await subtle.digest("SHA-256", await subtle.digest("SHA-256", file));
  const expected = Array.from(new Uint8Array(digest), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  if (signed !== expected) {
    throw new Refusal(
      `it signs another model_info.json: found digest ${signed}, expected ${expected}; deploy all of site/ together`,
    );
  }
}

async function importKey(subtle: SubtleCrypto, publicKey: unknown): Promise<CryptoKey> {
  const expected = "expected the public key of an ECDSA key on P-256, as PEM text or CryptoKey";
  if (typeof publicKey !== "string") {
    if (isVerifyKey(publicKey)) return publicKey;
    throw new Refusal(`publicKey: found ${describe(publicKey)}, ${expected}`);
  }
  if (publicKey.includes("PRIVATE KEY")) {
    throw new Refusal(
      "publicKey: found a private key. It must not be in a page; make a new one, and sign again",
    );
  }
  const body = /-----BEGIN PUBLIC KEY-----([^-]*)-----END PUBLIC KEY-----/.exec(publicKey)?.[1];
  if (body === undefined) {
    throw new Refusal(`publicKey: found text without -----BEGIN PUBLIC KEY-----, ${expected}`);
  }
  try {
    return await subtle.importKey("spki", decodeBase64(body), ALGORITHM, false, ["verify"]);
  } catch {
    throw new Refusal(`publicKey: found another key, or one that was cut short, ${expected}`);
  }
}

/** Without `instanceof`, as a key may come from another realm. */
function isVerifyKey(value: unknown): value is CryptoKey {
  const { algorithm, usages } = fieldsOf(value);
  return (
    algorithm?.name === ALGORITHM.name &&
    algorithm.namedCurve === ALGORITHM.namedCurve &&
    usages?.includes("verify") === true
  );
}

function describe(value: unknown): string {
  const { algorithm, usages = [] } = fieldsOf(value);
  if (!algorithm) return String(value);
  const usable = usages.length ? usages.join(", ") : "nothing";
  return `one for ${algorithm.name} ${algorithm.namedCurve ?? ""}, usable for ${usable}`;
}

interface KeyFields {
  algorithm?: { name: string; namedCurve?: string };
  usages?: readonly string[];
}

function fieldsOf(value: unknown): KeyFields {
  return value ?? {};
}

/** The signature of a bundle in WebCrypto's form, and the payload that it signs. Raises Refusal. */
function read(bundle: Uint8Array): {
  payload: Uint8Array<ArrayBuffer>;
  signature: Uint8Array<ArrayBuffer>;
} {
  const damaged = "expected a sigstore bundle as model-signing writes it with a key; sign again";
  try {
    const { mediaType, dsseEnvelope: envelope } = parse(bundle) as Bundle;
    const [only, ...more] = envelope.signatures;
    if (mediaType === BUNDLE && envelope.payloadType === PAYLOAD && only && !more.length) {
      const signature = fixedLength(decodeBase64(only.sig));
      return { payload: decodeBase64(envelope.payload), signature };
    }
  } catch (error) {
    throw new Refusal(`found a file that is cut short or changed (${String(error)}), ${damaged}`);
  }
  throw new Refusal(`found another kind of file, ${damaged}`);
}

/** The digest in a statement. Raises Refusal. */
function digestIn(payload: Uint8Array): string {
  try {
    const { _type, predicateType, subject } = parse(payload) as Statement;
    const [only, ...more] = subject;
    if (_type === STATEMENT && predicateType === PREDICATE && only && !more.length) {
      return only.digest.sha256;
    }
  } catch {
    // Refused below, like any other statement.
  }
  throw new Refusal("it signs no model; expected a statement of model-signing 1.0; sign again");
}

/** DSSE's encoding of the signed message: type, length and payload. */
function preAuthenticationEncoding(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`DSSEv1 ${PAYLOAD.length} ${PAYLOAD} ${payload.length} `);
  const message = new Uint8Array(head.length + payload.length);
  message.set(head);
  message.set(payload, head.length);
  return message;
}

/** Converts an ECDSA signature from DER, a sequence of two integers, to WebCrypto's two numbers of 32 bytes. */
function fixedLength(der: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(64);
  let at = 2;
  for (const end of [32, 64]) {
    const next = at + 2 + (der[at + 1] ?? 0);
    // DER omits leading zeros, except one where the first bit of the number is set.
    const number = der.subarray(der[at + 2] === 0 ? at + 3 : at + 2, next);
    if (der[at] !== 2 || next > der.length || number.length > 32) throw notDER();
    result.set(number, end - number.length);
    at = next;
  }
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || at !== der.length) throw notDER();
  return result;
}

const notDER = (): TypeError => new TypeError("its signature is not in DER");

function parse(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
