/** What one stage of the feed received and passed on, and how long it took. */
export type StageCount = { stage: string; in: number; out: number; ms: number };

/** Counts the stages of one feed. */
export class Stages {
  readonly counts: StageCount[] = [];

  async run<Value>(
    stage: string,
    received: number,
    act: () => Promise<readonly Value[]> | readonly Value[],
  ): Promise<Value[]> {
    const start = performance.now();
    const passed = await act();
    this.counts.push({ stage, in: received, out: passed.length, ms: performance.now() - start });
    return [...passed];
  }
}
