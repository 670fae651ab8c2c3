type Bytes = Uint8Array<ArrayBuffer>;

/** A file in parts, which may still be on their way; each is let go after the last read that was announced. */
export class PartedBytes {
  readonly #parts: (Bytes | undefined)[];
  /** Those that were not waited for yet. */
  readonly #coming: (Promise<Bytes> | undefined)[];
  readonly #starts: number[] = [];
  /** Used again and again: garbage by the hundred megabytes would not be collected in time. */
  #joined = new Uint8Array(0);
  /** Reads that each part still waits for. */
  readonly #awaited: number[];

  constructor(coming: readonly Promise<Bytes>[], sizes: readonly number[]) {
    this.#coming = [...coming];
    this.#parts = coming.map(() => undefined);
    this.#awaited = coming.map(() => 0);
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

  /** Which parts take memory here, by number. */
  get held(): number[] {
    return [...this.#parts.keys()].filter((index) => this.#parts[index]);
  }

  /** Waits for the bytes from `from` to `to`, which have to be there before they are read. Raises what fetching them did. */
  async arrive(from: number, to: number): Promise<void> {
    for (const index of this.#indices(from, to)) {
      const coming = this.#coming[index];
      if (!coming) continue;
      this.#parts[index] = await coming;
      this.#coming[index] = undefined;
    }
  }

  /** The bytes from `at` on, to be used before the next call: where they lie in several parts, they are put together. */
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

  /** Fills `out` with the bytes from `at` on. */
  copy(at: number, out: Bytes): void {
    for (const index of this.#indices(at, at + out.length)) {
      const start = this.#starts[index]!;
      const from = Math.max(at - start, 0);
      out.set(this.#parts[index]!.subarray(from, at + out.length - start), start + from - at);
    }
  }

  /** Announces a read, after which `release` is called. */
  expect(from: number, to: number): void {
    for (const index of this.#indices(from, to)) this.#awaited[index]!++;
  }

  release(from: number, to: number): void {
    for (const index of this.#indices(from, to)) {
      if (--this.#awaited[index]! === 0) this.#parts[index] = undefined;
    }
  }

  *#indices(from: number, to: number): Generator<number> {
    for (let index = 0; index < this.#parts.length; index++) {
      if (this.#starts[index]! < to && this.#starts[index + 1]! > from) yield index;
    }
  }
}
