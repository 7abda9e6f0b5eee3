import type { HostTensors } from "../engines/host-tensor.ts";
import { SparseRow } from "./sparse-row.ts";

/** Numbers between items: a sparse row for each item that has any. */
export class SparseMatrix {
  readonly items: number;
  readonly #rows = new Map<number, SparseRow>();

  constructor(items: number) {
    this.items = items;
  }

  /** The row of an item, to be read. */
  row(item: number): SparseRow | undefined {
    return this.#rows.get(item);
  }

  add(item: number, other: number, value: number): void {
    let row = this.#rows.get(item);
    if (row === undefined) {
      row = new SparseRow();
      this.#rows.set(item, row);
    }
    row.add(other, value);
  }

  /** Compressed rows: those of item i are at `offsets[i]` ... `offsets[i + 1] - 1`. */
  save(): HostTensors {
    const offsets = new Int32Array(this.items + 1);
    for (let item = 0; item < this.items; item++)
      offsets[item + 1] = offsets[item]! + (this.#rows.get(item)?.size ?? 0);
    const followers = new Int32Array(offsets[this.items]!);
    const counts = new Float32Array(followers.length);
    for (const [item, row] of this.#rows) {
      let at = offsets[item]!;
      row.each((other, value) => {
        followers[at] = other;
        counts[at++] = value;
      });
    }
    return {
      offsets: { shape: [offsets.length], values: offsets },
      followers: { shape: [followers.length], values: followers },
      counts: { shape: [counts.length], values: counts },
    };
  }

  /** @throws RangeError when the tensors are not what save() gives */
  static restore(items: number, tensors: HostTensors): SparseMatrix {
    const matrix = new SparseMatrix(items);
    const [offsets, followers, counts] = ["offsets", "followers", "counts"].map(
      (name) => tensors[name]?.values,
    );
    if (offsets?.length !== items + 1 || followers === undefined || followers.length !== counts?.length)
      throw new RangeError(`its transitions do not fit to ${items} items`);
    for (let item = 0; item < items; item++)
      for (let at = offsets[item]!; at < offsets[item + 1]!; at++) {
        if (!(followers[at]! >= 0 && followers[at]! < items)) throw new RangeError("a transition to no item");
        matrix.add(item, followers[at]!, counts[at]!);
      }
    return matrix;
  }

  /** The same numbers for another catalogue: item i becomes `numbers[i]`, -1 leaves it out. */
  renumbered(numbers: Int32Array, items: number): SparseMatrix {
    const result = new SparseMatrix(items);
    for (const [item, row] of this.#rows)
      row.each((other, value) => {
        if (numbers[item]! >= 0 && numbers[other]! >= 0) result.add(numbers[item]!, numbers[other]!, value);
      });
    return result;
  }
}
