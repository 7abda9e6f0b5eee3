import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import type { Codec } from "../base/codec.ts";
import type { ReadingBounds, ReadingOptions } from "../base/reading.ts";
import type { Verification } from "../base/settings.ts";
import type { StoredFile } from "../base/stored-file.ts";
import { metadataBoxes } from "../package/init-segment.ts";
import type { Size } from "../plan/ladder.ts";
import { type SegmentGrid, segmentStart, startsSegment } from "../plan/segment-grid.ts";
import { decode } from "./decode.ts";
import { readDash, readHls } from "./playlist-text.ts";
import { outputColor, type ReadPacket, type ReadTrack, readBack } from "./read-back.ts";

/** What the finished folder must be like; counts in frames, rates per second. */
export type Expectation = {
  /** Largest first. */
  videos: readonly (Finished & Size & { encoded: Codec })[];
  audio: Finished | null;
  /** Playlists of captions. */
  captions: readonly string[];
  /** Master playlist and DASH manifest. */
  hls: string;
  dash: string;
  /** A single file of the largest H.264 rendition, and the sound. */
  mp4: string | null;
  /** Every file that is published. */
  files: readonly StoredFile[];
  frames: number;
  segments: SegmentGrid;
  framesPerSecond: number;
};

/** A track by its media playlist. */
export type Finished = { playlist: string; init: string; codec: string };

export type VerifyOptions = {
  level: Verification;
  /** What reading all packets of a track may take, and decoding one. */
  reading?: ReadingBounds | undefined;
  decoding?: ReadingBounds | undefined;
  signal?: AbortSignal | undefined;
};
/** How a codec string begins, and what the stream's box is called. */
const sampleEntry: Record<Codec, string> = { h264: "avc1.", hevc: "hvc1.", av1: "av01." };

/** Seconds of one AAC frame. */
const audioFrame = 1024 / 48_000;

/**
 * Reads the folder back as a player would and compares it with the plan. Every level checks all packets and
 * files; `keyframes` also decodes the sound, every keyframe of every rendition and all frames of the middle
 * one, `full` all frames of all.
 * @throws TypedError OUTPUT_INVALID that names the fault: a broken output is a failure, never a success
 */
export async function verify(
  out: string,
  expected: Expectation,
  { level, reading: bounds, decoding, signal }: VerifyOptions,
): Promise<void> {
  const reading = { bounds, signal };
  await verifyFiles(out, expected);
  for (const [index, video] of expected.videos.entries()) {
    const track = await onlyTrack(out, video, reading);
    demand(video.playlist)(
      video.codec.startsWith(sampleEntry[video.encoded]),
      `${video.codec} is not ${video.encoded}`,
    );
    checkPicture(video, track);
    checkFrames(video.playlist, track.packets, expected);
    await checkCuts(out, video.playlist, expected, { early: 0, late: 0 });
    if (level === "packets") continue;
    // AV1's decoder cannot skip the frames between keyframes.
    const whole = level === "full" || index === expected.videos.length >> 1 || video.codec.startsWith("av01");
    const frames = whole ? expected.frames : track.packets.filter(({ key }) => key).length;
    await verifyDecoding(out, video, {
      what: whole ? "all frames" : "keyframes",
      frames,
      bounds: decoding,
      signal,
    });
  }
  if (expected.mp4 !== null) await verifySingle(out, expected.mp4, expected, reading);
  if (expected.audio === null) return;
  const { packets } = await onlyTrack(out, expected.audio, reading);
  checkSound(expected.audio.playlist, packets, expected.frames / expected.framesPerSecond);
  await checkCuts(out, expected.audio.playlist, expected, { early: audioFrame, late: audioFrame });
  if (level !== "packets")
    await verifyDecoding(out, expected.audio, {
      what: "all frames",
      frames: packets.length,
      bounds: decoding,
      signal,
    });
}

/** Every file is there as long as it was written, and every name in a playlist is a file. */
async function verifyFiles(
  out: string,
  { videos, audio, captions, hls, dash, files }: Expectation,
): Promise<void> {
  const known = new Set(files.map(({ path }) => path));
  for (const { path, bytes } of files) {
    const size = await stat(join(out, path)).then(
      (found) => found.size,
      () => 0,
    );
    demand(path)(size === bytes, `${size} bytes instead of ${bytes}`);
  }
  const text = (path: string) => readFile(join(out, path), "utf8");
  const named = (path: string, uris: readonly string[]) => {
    for (const uri of uris)
      demand(path)(known.has(join(dirname(path), uri)), `names ${uri}, which is no file`);
  };
  const media = [...videos, ...(audio ? [audio] : [])].map(({ playlist }) => playlist);
  for (const path of [hls, ...media, ...captions]) named(path, readHls(await text(path)).uris);
  named(dash, readDash(await text(dash)));
}

/**
 * By the playlist, segments of all tracks begin together, and end with the frames.
 * @param early by how many seconds a segment may begin before the picture's
 * @param late by how many seconds the last one may miss the end
 */
async function checkCuts(
  out: string,
  playlist: string,
  { segments, frames, framesPerSecond }: Expectation,
  { early, late }: { early: number; late: number },
): Promise<void> {
  const must = demand(playlist);
  const { seconds } = readHls(await readFile(join(out, playlist), "utf8"));
  let time = 0;
  for (const [index, length] of seconds.entries()) {
    const wanted = segmentStart(segments, index) / framesPerSecond;
    const holds = time <= wanted + rounding && time >= wanted - early - rounding;
    must(holds, `segment ${index} begins at ${time} s instead of ${wanted} s`);
    time += length;
  }
  const end = frames / framesPerSecond;
  must(Math.abs(time - end) <= late + rounding, `its segments end at ${time} s instead of ${end} s`);
}

/** Of sums of seconds. */
const rounding = 1e-6;

/** The single file has the same frames and sound, and its index before them. */
async function verifySingle(
  out: string,
  path: string,
  expected: Expectation,
  reading: ReadingOptions,
): Promise<void> {
  const tracks = await readBack(join(out, path), reading);
  const [video, sound] = [tracks.find(({ picture }) => picture), tracks.find(({ picture }) => !picture)];
  const must = demand(path);
  must(video !== undefined && tracks.length === (expected.audio ? 2 : 1), `${tracks.length} tracks`);
  checkFrames(path, video!.packets, expected);
  if (sound) checkSound(path, sound.packets, expected.frames / expected.framesPerSecond);
}

async function onlyTrack(
  out: string,
  { playlist, init, codec }: Finished,
  reading: ReadingOptions,
): Promise<ReadTrack> {
  const must = demand(playlist);
  const tracks = await readBack(join(out, playlist), reading);
  must(tracks.length === 1, `${tracks.length} tracks instead of one`);
  const [track] = tracks as [ReadTrack];
  must(track.codec === codec, `${track.codec} instead of ${codec}`);
  const metadata = metadataBoxes(await readFile(join(out, init)));
  must(metadata.length === 0, `holds metadata (${metadata.join(", ")})`);
  return track;
}

function checkPicture({ playlist, width, height }: Finished & Size, { picture }: ReadTrack): void {
  const must = demand(playlist);
  must(picture?.width === width && picture.height === height, `${picture?.width}x${picture?.height} pixels`);
  must(picture?.rotation === 0, `turned by ${picture?.rotation} degrees`);
  must(picture?.color === outputColor, `colours are ${picture?.color} instead of ${outputColor}`);
}

/** As many frames as planned, evenly spaced from zero; keyframes where every rendition has them. */
function checkFrames(
  playlist: string,
  packets: readonly ReadPacket[],
  { frames, segments, framesPerSecond }: Expectation,
): void {
  const must = demand(playlist);
  const shown = packets.toSorted((one, other) => one.time - other.time);
  must(packets.length === frames, `${packets.length} frames instead of ${frames}`);
  const late = shown.findIndex(({ time }, index) => Math.abs(time * framesPerSecond - index) > 0.1);
  must(late === -1, `frame ${late} is shown at ${shown[late]?.time} s`);
  // An encoder may divide a segment into groups, at the same frames in all of them.
  const missing = shown.findIndex(({ key }, index) => !key && startsSegment(segments, index));
  must(missing === -1, `frame ${missing} should be a keyframe`);
  const odd = shown.findIndex(({ key }, index) => key && index % segments.group !== 0);
  must(odd === -1, `frame ${odd} should not be a keyframe`);
}

/** Sound starts with the picture, has no hole, and its last packet holds the moment in which the picture ends. */
function checkSound(playlist: string, packets: readonly ReadPacket[], end: number): void {
  const must = demand(playlist);
  const [first, last] = [packets[0], packets.at(-1)];
  must(first !== undefined && first.time < audioFrame, `starts at ${first?.time} s`);
  const hole = packets.findIndex(
    ({ time }, index) => Math.abs(time - first!.time - index * audioFrame) > audioFrame / 20,
  );
  must(hole === -1, `packet ${hole} is not where the one before it ends`);
  const over = last!.time + audioFrame;
  must(over >= end - rounding && over < end + audioFrame, `ends at ${over} s, the video at ${end} s`);
}

/** (ffmpeg 5.1 shows such segments two frames late, so it judges what decodes, never when.) */
async function verifyDecoding(
  out: string,
  { playlist }: Finished,
  { what, frames, ...run }: { what: "keyframes" | "all frames"; frames: number } & ReadingOptions,
): Promise<void> {
  const must = demand(playlist);
  const decoded = await decode(join(out, playlist), what, run);
  must(decoded.errors.length === 0, `the decoder reports: ${decoded.errors[0]}`);
  must(decoded.frames === frames, `${decoded.frames} of ${frames} ${what} decode`);
}

const demand = (path: string) => (holds: boolean, fault: string) => {
  if (!holds) throw new TypedError("OUTPUT_INVALID", `${path}: ${fault}`);
};
