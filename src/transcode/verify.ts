import { join } from "node:path";
import { EncodedPacketSink, FilePathSource, HLS_FORMATS, Input, type InputTrack } from "mediabunny";
import { TypedError } from "../telemetry/typed-error.ts";

/** What the finished folder must be like; counts in frames, rates per second. */
export type Expectation = {
  /** Paths of the media playlists. */
  videos: readonly string[];
  audio: string | null;
  frames: number;
  gop: number;
  framesPerSecond: number;
};

/** Seconds of one AAC frame. */
const audioFrame = 1024 / 48_000;

/**
 * Reads the folder back through its playlists, every packet's time: frames as planned and evenly spaced, from
 * zero; keyframes at the same frames in all renditions; audio without a hole, ending with the video.
 * (ffmpeg 5.1 reads such segments two frames late, so it is no judge here.)
 * @throws TypedError OUTPUT_INVALID that says what is wrong: a broken output is a failure, never a success
 */
export async function verify(out: string, expected: Expectation): Promise<void> {
  const { frames, gop, framesPerSecond } = expected;
  const end = frames / framesPerSecond;
  for (const path of expected.videos) {
    const packets = await packetsOf(join(out, path), path);
    const shown = packets.toSorted((one, other) => one.time - other.time);
    const must = demand(path);
    must(packets.length === frames, `${packets.length} frames instead of ${frames}`);
    const late = shown.findIndex(({ time }, index) => Math.abs(time * framesPerSecond - index) > 0.1);
    must(late === -1, `frame ${late} is shown at ${shown[late]?.time} s`);
    const unaligned = shown.findIndex(({ key }, index) => key !== (index % gop === 0));
    must(unaligned === -1, `frame ${unaligned} should ${unaligned % gop === 0 ? "" : "not "}be a keyframe`);
  }
  if (expected.audio === null) return;
  const packets = await packetsOf(join(out, expected.audio), expected.audio);
  const must = demand(expected.audio);
  must(packets.length > 0 && packets[0]!.time < audioFrame, `starts at ${packets[0]?.time} s`);
  const hole = packets.findIndex(
    ({ time }, index) => Math.abs(time - packets[0]!.time - index * audioFrame) > audioFrame / 20,
  );
  must(hole === -1, `packet ${hole} is not where the one before it ends`);
  const last = packets.at(-1)!;
  // The encoder fills its last frame up, and may add one more for its own delay.
  must(
    Math.abs(last.time + audioFrame - end) < 2 * audioFrame,
    `ends at ${last.time} s, the video at ${end} s`,
  );
}

type ReadBack = { time: number; key: boolean };

async function packetsOf(path: string, name: string): Promise<ReadBack[]> {
  using input = new Input({ source: new FilePathSource(path), formats: HLS_FORMATS });
  const tracks: InputTrack[] = await input.getTracks();
  demand(name)(tracks.length === 1, `${tracks.length} tracks instead of one`);
  const packets: ReadBack[] = [];
  const sink = new EncodedPacketSink(tracks[0]!);
  for await (const { timestamp, type } of sink.packets(undefined, undefined, { metadataOnly: true }))
    packets.push({ time: timestamp, key: type === "key" });
  return packets;
}

const demand = (path: string) => (holds: boolean, fault: string) => {
  if (!holds) throw new TypedError("OUTPUT_INVALID", `${path}: ${fault}`, { final: false });
};
