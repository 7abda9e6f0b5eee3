import type { SparseRow } from "./sparse-row.ts";

/** Adds sparse rows up into a dense one, and remembers which items it touched: emptying it costs what filling it did. */
export class SparseSum {
  readonly #values: Float32Array;
  readonly #touched: number[] = [];

  constructor(items: number) {
    this.#values = new Float32Array(items);
  }

  /** Adds `factor` times a row, whose numbers are above 0. */
  add(row: SparseRow, factor: number): void {
    row.each((item, value) => {
      if (this.#values[item] === 0) this.#touched.push(item);
      this.#values[item]! += factor * value;
    });
  }

  /** Gives every item that is not 0, and empties the sum. */
  drain(visit: (item: number, value: number) => void): void {
    for (const item of this.#touched) {
      visit(item, this.#values[item]!);
      this.#values[item] = 0;
    }
    this.#touched.length = 0;
  }
}
