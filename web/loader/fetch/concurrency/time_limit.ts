/** Timers overflow above; so long is for ever. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/** Settles with `promise`, but without its value: what waits for a call must not hold its image in memory. */
export async function settled(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch {
    // raised where the value is used
  }
}

/** `promise`, or a rejection with `expired()` after so many milliseconds. */
export function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  expired: () => Error = () => new Error("it took too long"),
): Promise<T> {
  if (milliseconds > MAX_TIMEOUT) return promise;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(expired()), milliseconds);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
