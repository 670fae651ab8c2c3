/** An AbortController that another signal aborts too. Safari before 17.4 and Firefox 115 have no `AbortSignal.any`. */
export class LinkedController extends AbortController {
  readonly #outer: AbortSignal | undefined;
  readonly #follow = (): void => this.abort(this.#outer!.reason);

  constructor(outer: AbortSignal | undefined) {
    super();
    this.#outer = outer;
    if (outer?.aborted) this.#follow();
    else outer?.addEventListener("abort", this.#follow, { once: true });
  }

  /** Follows the other signal no longer, which may live longer. */
  unlink(): void {
    this.#outer?.removeEventListener("abort", this.#follow);
  }
}
