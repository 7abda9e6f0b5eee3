import { trapped } from "./trap.ts";

export const stablePageSize = 65_536;

/** Largest size in pages. @source Internet Computer resource limits: 500 GiB a canister */
const largest = 8_192_000;

const outOfBounds = () => trapped("stable memory out of bounds");

/**
 * Stable memory, sparse: pages never written are absent and read as zeroes.
 * Pages are never changed in place: a commit replaces them, so readers can keep the old ones.
 */
export class StableMemory {
  readonly pages: Map<number, Uint8Array>;
  /** In pages. */
  size: number;
  /** Pages that changed since the state was last saved. */
  readonly unsaved = new Set<number>();

  constructor(size = 0, pages = new Map<number, Uint8Array>()) {
    this.size = size;
    this.pages = pages;
  }
}

/** Stable memory as one message sees and changes it. */
export class StableOverlay {
  readonly #base: StableMemory;
  readonly #pages: Map<number, Uint8Array>;
  #size: number;

  constructor(base: StableMemory, size = base.size, pages = new Map<number, Uint8Array>()) {
    this.#base = base;
    this.#size = size;
    this.#pages = pages;
  }

  /** In pages. */
  get size(): number {
    return this.#size;
  }

  /** An independent copy, which can be rolled back separately. */
  fork(): StableOverlay {
    const pages = new Map([...this.#pages].map(([index, page]) => [index, page.slice()]));
    return new StableOverlay(this.#base, this.#size, pages);
  }

  /** Returns the old size in pages, -1 when there is no room. */
  grow(pages: number): number {
    if (this.#size + pages > largest) return -1;
    const old = this.#size;
    this.#size += pages;
    return old;
  }

  /** @throws Trap when out of bounds */
  read(target: Uint8Array, offset: number): void {
    this.#check(offset, target.length);
    for (const { index, from, to, at } of pieces(offset, target.length)) {
      const page = this.#pages.get(index) ?? this.#base.pages.get(index);
      if (page) target.set(page.subarray(from, to), at);
      else target.fill(0, at, at + to - from);
    }
  }

  /** @throws Trap when out of bounds */
  write(offset: number, source: Uint8Array): void {
    this.#check(offset, source.length);
    for (const { index, from, to, at } of pieces(offset, source.length)) {
      this.#writable(index).set(source.subarray(at, at + to - from), from);
    }
  }

  /** Writes the changes to the memory. */
  commit(): void {
    this.#base.size = this.#size;
    for (const [index, page] of this.#pages) {
      this.#base.pages.set(index, page);
      this.#base.unsaved.add(index);
    }
  }

  #check(offset: number, length: number): void {
    if (offset + length > this.#size * stablePageSize) throw outOfBounds();
  }

  #writable(index: number): Uint8Array {
    const own = this.#pages.get(index);
    if (own) return own;
    const page = this.#base.pages.get(index)?.slice() ?? new Uint8Array(stablePageSize);
    this.#pages.set(index, page);
    return page;
  }
}

/** Cuts a range of bytes at the borders of pages; `at` counts from the start of the range. */
function* pieces(offset: number, length: number) {
  for (let at = 0; at < length; ) {
    const index = Math.floor((offset + at) / stablePageSize);
    const from = offset + at - index * stablePageSize;
    const to = Math.min(stablePageSize, from + length - at);
    yield { index, from, to, at };
    at += to - from;
  }
}
