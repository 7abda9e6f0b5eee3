import { InvalidWasm } from "./invalid-wasm.ts";

/** Reads the primitives of the Wasm binary format from a part of a module. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) throw new InvalidWasm("unexpected end");
    return this.bytes[this.position++]!;
  }

  /** An unsigned LEB128 number below 2^53: indices, counts, sizes, memory offsets. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 56) throw new InvalidWasm("an integer is too long");
    }
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    this.take(count);
  }

  /** A view, not a copy. */
  take(count: number): Uint8Array {
    const start = this.position;
    if (start + count > this.end) throw new InvalidWasm("unexpected end");
    this.position = start + count;
    return this.bytes.subarray(start, this.position);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.unsigned()));
  }

  /** A vector: its length, then as many items. */
  vector<T>(item: (index: number) => T): T[] {
    const items: T[] = [];
    for (let index = 0, count = this.unsigned(); index < count; index++) items.push(item(index));
    return items;
  }
}
