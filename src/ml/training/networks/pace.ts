/** How fast a training goes. Time spent on validation is left out. */
export class Pace {
  #since = performance.now();
  #tokens = 0;
  #steps = 0;

  step(tokens: number): void {
    this.#tokens += tokens;
    this.#steps++;
  }

  /** Does something that is not training. */
  async outside<Result>(act: () => Promise<Result>): Promise<Result> {
    const before = performance.now();
    try {
      return await act();
    } finally {
      this.#since += performance.now() - before;
    }
  }

  /** Places of histories. */
  get tokensPerSecond(): number {
    return (1000 * this.#tokens) / (performance.now() - this.#since);
  }

  secondsFor(steps: number): number {
    return (steps * (performance.now() - this.#since)) / (1000 * this.#steps);
  }
}
