/** What a server said about a picture, checked: it may be gone, slow, busy or wrong. */

/** Why there is no answer. */
export class NoAnswer {
  readonly problem: string;
  /** Whether the same request will be refused again. */
  readonly lasting: boolean;
  /** Milliseconds that the server asks to wait. */
  readonly wait: number;

  constructor(problem: string, { lasting = false, wait = 0 } = {}) {
    this.problem = problem;
    this.lasting = lasting;
    this.wait = wait;
  }
}

interface Asked {
  url: URL;
  headers: Record<string, string>;
  labels: readonly string[];
  exclusive: boolean;
  signal: AbortSignal;
}

/** Statuses that say nothing about the next request. */
const PASSING = [408, 425, 429];

/** The server's probabilities for a JPEG, in the order of `labels`. Raises nothing. */
export async function askServer(
  picture: Blob,
  { url, headers, labels, exclusive, signal }: Asked,
): Promise<number[] | NoAnswer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      body: picture,
      headers: { ...headers, "Content-Type": "image/jpeg" },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal,
    });
  } catch {
    return new NoAnswer(signal.aborted ? TOO_SLOW : "The server cannot be reached.");
  }
  const { status } = response;
  if (!response.ok) {
    const wait = 1000 * Number(response.headers.get("Retry-After") ?? 0) || 0;
    const lasting = status < 500 && !PASSING.includes(status);
    return new NoAnswer(`The server answered with the status ${status}.`, { lasting, wait });
  }
  let answer: unknown;
  try {
    answer = await response.json();
  } catch {
    return new NoAnswer(signal.aborted ? TOO_SLOW : "The server's answer is no JSON.");
  }
  return probabilitiesIn(answer, labels, exclusive);
}

const TOO_SLOW = "The server did not answer in time.";

/** The probabilities of an answer, if it is one about these labels. */
export function probabilitiesIn(
  answer: unknown,
  labels: readonly string[],
  exclusive: boolean,
): number[] | NoAnswer {
  const { model, probabilities } = Object(answer) as Record<string, unknown>;
  const theirs = (Object(model) as { labels?: unknown }).labels;
  if (!Array.isArray(theirs) || theirs.join("\n") !== labels.join("\n")) {
    return new NoAnswer("The server's model has other labels.", { lasting: true });
  }
  if (!isScores(probabilities, labels.length)) {
    return new NoAnswer("The server's answer has no probabilities.");
  }
  const sum = probabilities.reduce((total, probability) => total + probability, 0);
  return exclusive && Math.abs(sum - 1) > 1e-3
    ? new NoAnswer("The server's probabilities do not sum to 1.")
    : probabilities;
}

function isScores(value: unknown, length: number): value is number[] {
  return (
    Array.isArray(value) &&
    value.length === length &&
    value.every((score) => typeof score === "number" && score >= 0 && score <= 1)
  );
}
