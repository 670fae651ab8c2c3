type Bytes = Uint8Array<ArrayBuffer>;

/** A file whose parts may still be arriving; each part is freed after the last announced read. */
export class PartedBytes {
  readonly #parts: (Bytes | undefined)[];
  /** Parts that were not awaited yet. */
  readonly #pending: (Promise<Bytes> | undefined)[];
  readonly #starts: number[] = [];
  /** Reused, as hundreds of megabytes of garbage would not be collected in time. */
  #joined = new Uint8Array(0);
  /** Announced reads of each part. */
  readonly #reads: number[];

  constructor(parts: readonly Promise<Bytes>[], sizes: readonly number[]) {
    this.#pending = [...parts];
    this.#parts = parts.map(() => undefined);
    this.#reads = parts.map(() => 0);
    let at = 0;
    for (const size of sizes) {
      this.#starts.push(at);
      at += size;
    }
    this.#starts.push(at);
  }

  get size(): number {
    return this.#starts.at(-1)!;
  }

  /** Indices of the parts in memory. */
  get held(): number[] {
    return [...this.#parts.keys()].filter((index) => this.#parts[index]);
  }

  /** Awaits the bytes from `from` to `to`; required before they are read. Raises the errors of the download. */
  async arrive(from: number, to: number): Promise<void> {
    for (const index of this.#indices(from, to)) {
      const pending = this.#pending[index];
      if (!pending) continue;
      this.#parts[index] = await pending;
      this.#pending[index] = undefined;
    }
  }

  /** `size` bytes from `at` on, valid until the next call; joined where they are in several parts. */
  read(at: number, size: number): Bytes {
    const [first, ...others] = this.#indices(at, at + size);
    if (first !== undefined && !others.length) {
      const from = at - this.#starts[first]!;
      return this.#parts[first]!.subarray(from, from + size);
    }
    if (this.#joined.length < size) this.#joined = new Uint8Array(size);
    const whole = this.#joined.subarray(0, size);
    this.copy(at, whole);
    return whole;
  }

  /** Copies the bytes from `at` on into `out`. */
  copy(at: number, out: Bytes): void {
    for (const index of this.#indices(at, at + out.length)) {
      const start = this.#starts[index]!;
      const from = Math.max(at - start, 0);
      out.set(this.#parts[index]!.subarray(from, at + out.length - start), start + from - at);
    }
  }

  /** Announces a read; `release` has to follow it. */
  expect(from: number, to: number): void {
    for (const index of this.#indices(from, to)) this.#reads[index]!++;
  }

  release(from: number, to: number): void {
    for (const index of this.#indices(from, to)) {
      this.#reads[index]!--;
      if (!this.#reads[index]) this.#parts[index] = undefined;
    }
  }

  *#indices(from: number, to: number): Generator<number> {
    for (let index = 0; index < this.#parts.length; index++) {
      if (this.#starts[index]! < to && this.#starts[index + 1]! > from) yield index;
    }
  }
}
