import type { Container } from "./container.ts";

/** A packet of the source in file order; times in seconds. */
export type Packet = {
  time: number;
  duration: number;
  /** Decoding time; absent where the container has none. */
  decode?: number | undefined;
};

/** Timing of a stream by its packets, whatever the container declares. */
export type Timing = {
  packets: number;
  /** Seconds from the first frame's start to the last one's end, jumps of the clock left out. */
  duration: number;
  /** Frames per second: the mean of a steady stream, otherwise that of the commonest interval. */
  rate: number;
  /** Whether every frame lasts equally long, within the rounding of the container's clock. */
  constant: boolean;
};

/**
 * Where a clock may restart, ffmpeg removes forward jumps longer than the first and backward jumps longer than the
 * second, and so does Kiln.
 * @source FFmpeg: fftools, `-dts_delta_threshold`, and the tenth of a second beside it
 */
const jumpSeconds = { forward: 10, backward: 0.1 };

/** Measures the packets of one stream that are shown (not those that an edit list cuts away). */
export function timing(packets: readonly Packet[], clock: Container["clock"]): Timing {
  const runs = (clock === "continuous" ? [packets] : unbroken(packets)).map((run) =>
    run.toSorted((one, other) => one.time - other.time),
  );
  const intervals = runs.flatMap((run) =>
    run.slice(1).map((packet, index) => packet.time - run[index]!.time),
  );
  const positive = intervals.filter((interval) => interval > 0).toSorted((one, other) => one - other);
  const median = positive[positive.length >> 1] ?? packets[0]?.duration ?? 0;
  const mean = positive.reduce((sum, interval) => sum + interval, 0) / positive.length;
  const constant = positive.every((interval) => Math.abs(interval - mean) <= Math.max(0.0011, mean * 0.1));
  const duration = runs.reduce((sum, run) => sum + lengthOf(run, median), 0);
  const interval = positive.length === 0 ? median : constant ? mean : median;
  return { packets: packets.length, duration, rate: interval > 0 ? 1 / interval : 0, constant };
}

function lengthOf(run: readonly Packet[], frame: number): number {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return 0;
  return last.time - first.time + (last.duration || frame);
}

function unbroken(packets: readonly Packet[]): Packet[][] {
  const runs: Packet[][] = [];
  for (const packet of packets) {
    const run = runs.at(-1);
    if (run && follows(run.at(-1)!, packet)) run.push(packet);
    else runs.push([packet]);
  }
  return runs;
}

function follows(before: Packet, after: Packet): boolean {
  if (before.decode === undefined || after.decode === undefined)
    return Math.abs(after.time - before.time) < jumpSeconds.forward;
  const step = after.decode - before.decode;
  return step >= -jumpSeconds.backward && step < jumpSeconds.forward;
}
