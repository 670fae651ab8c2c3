import type { AnyPrediction, Model } from "../api/model.ts";

let warned = false;

/** Warns once per page where a model blocks the page, or has no threads although the page is isolated for them. */
export function warnOfSlowness({ worker, backend, info }: Model<AnyPrediction>): void {
  const threads = backend.rejected.find(({ reason }) => /^(A thread|Threads) /.test(reason));
  const problem = worker.used ? threads?.reason : worker.reason;
  if (warned || !problem) return;
  warned = true;
  const what = worker.used ? "runs on one thread" : "runs in the page itself, which it blocks";
  console.warn(`torch2web: ${info.name} ${what}: ${problem}`);
}

let warnedOfPin = false;

/** Warns once per page where nothing says which bytes the model may have; returns `model`. */
export function warnOfPin<M extends Model<AnyPrediction>>(model: M): M {
  const { name, manifest } = model.info;
  if (manifest.pinned || warnedOfPin) return model;
  warnedOfPin = true;
  console.warn(
    `torch2web: nothing pins ${name}: whoever can change its site can change its answers. ` +
      `Load it with { integrity: "${manifest.integrity}" } to accept only what the site has now.`,
  );
  return model;
}
