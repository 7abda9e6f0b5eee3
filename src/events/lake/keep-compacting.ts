import { setTimeout } from "node:timers/promises";
import { TypedError } from "../../base/typed-error.ts";
import type { EventStream } from "../event-stream.ts";
import { compact } from "./compact.ts";
import { Lake } from "./lake.ts";

/** A compaction rewrites the days that it touches: of the time, at most one part in so many goes into it. */
const restFactor = 20;

export type KeepCompactingOptions = {
  stream: EventStream;
  /** The folder of the lake. */
  lake: string;
  /** Milliseconds from the end of one compaction to the next, at least. */
  everyMs: number;
  signal: AbortSignal;
  onCompacted?: (added: number) => void;
  /** The next attempt follows as usual. */
  onFailed?: (error: unknown) => void;
};

/** Compacts again and again until it is aborted. While another process writes to the lake it waits for the next turn. */
export async function keepCompacting({
  stream,
  lake,
  everyMs,
  signal,
  onCompacted,
  onFailed,
}: KeepCompactingOptions): Promise<void> {
  let pause = everyMs;
  for (;;) {
    await setTimeout(pause, undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return;
    const start = performance.now();
    try {
      if ((await stream.length()) > 0) {
        using opened = await Lake.open(lake);
        onCompacted?.((await compact(stream, opened)).added);
      }
    } catch (error) {
      if (!(error instanceof TypedError && error.code === "LAKE_IN_USE")) onFailed?.(error);
    }
    pause = Math.max(everyMs, restFactor * (performance.now() - start));
  }
}
