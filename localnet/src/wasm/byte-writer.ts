/** Writes the primitives of the Wasm binary format into a buffer that grows. */
export class ByteWriter {
  #buffer = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): this {
    if (this.#length === this.#buffer.length) this.#reserve(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  bytes(values: ArrayLike<number>): this {
    this.#reserve(values.length);
    this.#buffer.set(values, this.#length);
    this.#length += values.length;
    return this;
  }

  /** A part of a larger array; short parts are copied without creating a view. */
  part(source: Uint8Array, start: number, end: number): this {
    const length = end - start;
    if (length > 64) return this.bytes(source.subarray(start, end));
    this.#reserve(length);
    for (let index = start; index < end; index++) this.#buffer[this.#length++] = source[index]!;
    return this;
  }

  /** Unsigned LEB128 of an integer below 2^53. */
  unsigned(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.byte(rest);
  }

  /** Signed LEB128, as `i32.const` and `i64.const` take it, of an integer within 2^53. */
  signed(value: number): this {
    let rest = value;
    for (;;) {
      const low = ((rest % 0x80) + 0x80) % 0x80;
      rest = Math.floor(rest / 0x80);
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) return this.byte(low);
      this.byte(low | 0x80);
    }
  }

  name(value: string): this {
    return this.sized(new TextEncoder().encode(value));
  }

  /** The length, then the content. */
  sized(content: Uint8Array): this {
    return this.unsigned(content.length).bytes(content);
  }

  /** What was written so far; a view, valid until the next write. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.written());
    this.#buffer = grown;
  }
}
