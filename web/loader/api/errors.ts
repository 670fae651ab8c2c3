/**
 * Every error that the loader raises on purpose; the platform's `AbortError` stands beside them.
 *
 *     Torch2WebError
 *     ├── ManifestError    model_info.json does not follow its schema, or lacks what was asked for
 *     ├── DownloadError    a file did not arrive, or something else came in its place
 *     ├── IntegrityError   the bytes that arrived are not the ones that the build recorded
 *     ├── SignatureError   the signature is missing, or is not the given key's on this model_info.json
 *     ├── DecodeError      the source is no picture that this browser can read
 *     └── BackendError     nothing here can run the model, or it gives other numbers than PyTorch
 */
export class Torch2WebError extends Error {
  override name = "Torch2WebError";
}

export class ManifestError extends Torch2WebError {
  override name = "ManifestError";
  /** Where in model_info.json, such as `models[0].input.dtype`; empty for the whole. */
  readonly key: string;

  constructor(key: string, problem: string) {
    super(`model_info.json: ${key && `${key}: `}${problem}`);
    this.key = key;
  }
}

export class DownloadError extends Torch2WebError {
  override name = "DownloadError";
  readonly url: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** What was asked for, such as `8888762 bytes`. */
  readonly expected: string;
  /** What came instead, such as `an HTML page`. */
  readonly actual: string;

  constructor(url: string, status: number, expected: string, actual: string, cause?: unknown) {
    super(`${url}: expected ${expected}, found ${actual}`, { cause });
    this.url = url;
    this.status = status;
    this.expected = expected;
    this.actual = actual;
  }
}

export class IntegrityError extends Torch2WebError {
  override name = "IntegrityError";
  readonly url: string;
  /** What the build recorded: a SHA-256 in hex, or a size such as `8841216 bytes`. */
  readonly expected: string;
  /** What arrived, in the same form. */
  readonly actual: string;

  constructor(url: string, expected: string, actual: string, where = "") {
    super(
      `${url}: ${where && `${where}: `}expected ${expected}, found ${actual}. ` +
        "It was changed, cut short or belongs to another build; deploy all of site/ together.",
    );
    this.url = url;
    this.expected = expected;
    this.actual = actual;
  }
}

export class SignatureError extends Torch2WebError {
  override name = "SignatureError";
  /** Where the signature is expected. */
  readonly url: string;
  readonly reason: string;

  constructor(url: string, reason: string, cause?: unknown) {
    super(`${url}: ${reason}`, { cause });
    this.url = url;
    this.reason = reason;
  }
}

export class DecodeError extends Torch2WebError {
  override name = "DecodeError";
}

export class BackendError extends Torch2WebError {
  override name = "BackendError";
}
