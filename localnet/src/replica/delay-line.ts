/** Longest delay that Node's timers take, milliseconds. */
const longestDelay = 2 ** 31 - 1;

interface Waiting {
  due: bigint;
  run: () => void;
}

/**
 * Actions to run later, by the network's clock: in the order of their times, and of their arrival for equal times.
 * Does not keep the process alive.
 */
export class DelayLine {
  readonly #now: () => bigint;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param now nanoseconds since 1970 */
  constructor(now: () => bigint) {
    this.#now = now;
  }

  /** Runs it at the given time, or at once if that has passed. */
  at(due: bigint, run: () => void): void {
    if (due <= this.#now()) {
      run();
      return;
    }
    const behind = this.#waiting.findIndex((other) => other.due > due);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { due, run });
    this.#schedule();
  }

  /** The clock was set, or a timer fired: runs everything that is due. */
  flush(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (!first || first.due > this.#now()) break;
      this.#waiting.shift();
      first.run();
    }
    this.#schedule();
  }

  /** Runs everything now. */
  drain(): void {
    clearTimeout(this.#timer);
    for (const { run } of this.#waiting.splice(0)) run();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const [first] = this.#waiting;
    if (!first) return;
    const delay = Math.ceil(Number(first.due - this.#now()) / 1e6);
    this.#timer = setTimeout(() => this.flush(), Math.min(Math.max(delay, 0), longestDelay)).unref();
  }
}
