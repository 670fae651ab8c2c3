/**
 * The errors of the loader; besides them it raises the platform's `AbortError`.
 *
 *     Torch2WebError
 *     ├── ManifestError    model_info.json has another schema version, or no such model or variant
 *     ├── DownloadError    a file is missing, incomplete or another kind of file
 *     ├── IntegrityError   a file differs from the one that the build recorded
 *     ├── SignatureError   model_info.json has no valid signature of the given key
 *     ├── DecodeError      the image cannot be decoded here
 *     ├── TaskError        the model is for something else, such as embed() of a classifier
 *     └── BackendError     no backend can run the model, or its logits exceed the tolerance
 */
export class Torch2WebError extends Error {
  override name = "Torch2WebError";
}

export class ManifestError extends Torch2WebError {
  override name = "ManifestError";
  /** Key in model_info.json, such as `schema_version`; empty for the whole file. */
  readonly key: string;

  constructor(key: string, problem: string) {
    super(`model_info.json: ${key && `${key}: `}${problem}`);
    this.key = key;
  }
}

export class DownloadError extends Torch2WebError {
  override name = "DownloadError";
  readonly url: string;
  /** HTTP status; 0 without a response. */
  readonly status: number;
  /** Such as `8888762 bytes`. */
  readonly expected: string;
  /** Such as `an HTML page`. */
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
  /** Recorded by the build: a SHA-256 in hex, or a size such as `8841216 bytes`. */
  readonly expected: string;
  /** Found, in the same form. */
  readonly actual: string;

  constructor(url: string, expected: string, actual: string) {
    super(
      `${url}: expected ${expected}, found ${actual}. ` +
        "The file was changed, is incomplete or belongs to another build; deploy all of site/ together.",
    );
    this.url = url;
    this.expected = expected;
    this.actual = actual;
  }
}

export class SignatureError extends Torch2WebError {
  override name = "SignatureError";
  /** URL of the signature. */
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

export class TaskError extends Torch2WebError {
  override name = "TaskError";
}

export class BackendError extends Torch2WebError {
  override name = "BackendError";
}
