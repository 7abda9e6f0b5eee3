import { TypedError } from "../../base/typed-error.ts";
import { segmentStart } from "../plan/segment-grid.ts";
import type { Intermediate } from "./intermediate.ts";

/** What cutting needs to know of a packet; seconds. */
type Timed = { type: "key" | "delta"; timestamp: number; duration: number };

/** Packets of one segment, and how long it is: exact, since the last frame of each segment is followed by the next. */
export type Cut<P> = { packets: P[]; seconds: number };

/**
 * Cuts a track where the grid requires it, each segment as soon as its last packet is there.
 * @throws TypedError PACKAGE_FAILED when a segment of video does not begin with a keyframe
 */
export function cut<P extends Timed>(
  source: Intermediate,
  packets: AsyncIterable<P>,
): AsyncGenerator<Cut<P>> {
  return source.kind === "video" ? cutVideo(source, packets) : cutSound(source, packets);
}

/** Groups are closed: the first packets in decoding order are the first frames. */
async function* cutVideo<P extends Timed>(
  { name, segments, framesPerSecond }: Intermediate,
  packets: AsyncIterable<P>,
): AsyncGenerator<Cut<P>> {
  const made = (some: P[]) => ({ packets: some, seconds: exact(some.length / framesPerSecond) });
  let index = 0;
  let waiting: P[] = [];
  for await (const packet of packets) {
    if (waiting.length === 0 && packet.type !== "key")
      throw new TypedError("PACKAGE_FAILED", `${name}: segment ${index} does not begin with a keyframe`);
    waiting.push(packet);
    if (waiting.length < segmentStart(segments, index + 1) - segmentStart(segments, index)) continue;
    yield made(waiting);
    waiting = [];
    index++;
  }
  if (waiting.length > 0) yield made(waiting);
}

/** A segment of sound begins with the packet that is audible when the picture's segment begins, so it never begins later. */
async function* cutSound<P extends Timed>(
  { segments, framesPerSecond }: Intermediate,
  packets: AsyncIterable<P>,
): AsyncGenerator<Cut<P>> {
  let index = 0;
  let waiting: P[] = [];
  const boundary = () => segmentStart(segments, index + 1) / framesPerSecond + rounding;
  for await (const packet of packets) {
    const end = packet.timestamp + packet.duration;
    if (end > boundary()) {
      if (waiting.length > 0)
        yield { packets: waiting, seconds: exact(packet.timestamp - waiting[0]!.timestamp) };
      waiting = [];
      while (end > boundary()) index++;
    }
    waiting.push(packet);
  }
  const [first, last] = [waiting[0], waiting.at(-1)];
  if (first && last)
    yield { packets: waiting, seconds: exact(last.timestamp + last.duration - first.timestamp) };
}

/** Of sums of seconds: far less than a sample of sound. */
const rounding = 1e-6;
const exact = (seconds: number) => Number(seconds.toFixed(12));
