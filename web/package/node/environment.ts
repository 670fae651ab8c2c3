/** In place of `loader/load/environment.ts` in Node. */
import { BackendError } from "../../loader/api/errors.ts";
import type * as Replaced from "../../loader/load/environment.ts";

/** The oldest version that is tested. */
const OLDEST = 22;

export const requireEnvironment: typeof Replaced.requireEnvironment = () => {
  const { versions } = (globalThis as { process?: Partial<NodeJS.Process> }).process ?? {};
  const found = versions?.node;
  if (found && Number.parseInt(found) >= OLDEST) return;
  throw new BackendError(
    `The loader runs in browsers and in Node ${OLDEST} or newer, found ${found ? `Node ${found}` : "neither"}.`,
  );
};
