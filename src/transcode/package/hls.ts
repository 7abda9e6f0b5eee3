import type { CaptionTrack } from "../captions/store-captions.ts";
import { type FrameRate, perSecond } from "../plan/frame-rate.ts";
import type { Size } from "../plan/ladder.ts";
import type { Segment, Track } from "./package.ts";

/** A video track together with its size. */
export type VideoTrack = Track & Size;

/** Bits per second, as HLS defines them. */
export type Bandwidth = { peak: number; average: number };

/**
 * @source RFC 8216, 4.3.4.2: the peak is "the largest bit rate of any contiguous set of segments whose total
 * duration is between 0.5 and 1.5 times the target duration", so a last segment of one frame does not count alone
 */
export function bandwidth(
  segments: readonly Segment[],
  bytesOf = ({ file }: Segment): number => file.bytes,
): Bandwidth {
  const rate = (some: readonly Segment[]) =>
    (8 * some.reduce((sum, segment) => sum + bytesOf(segment), 0)) / total(some);
  const target = targetDuration(segments);
  const average = rate(segments);
  const peak = segments.reduce((highest, _, index) => {
    const counted = runsFrom(segments, index, 1.5 * target).filter((run) => total(run) >= 0.5 * target);
    return Math.max(highest, ...counted.map(rate));
  }, average);
  return { peak: Math.ceil(peak), average: Math.ceil(average) };
}

/** Contiguous segments from one on, of which there are at most so many seconds. */
function runsFrom(segments: readonly Segment[], index: number, longest: number): Segment[][] {
  const runs: Segment[][] = [];
  let seconds = 0;
  for (let end = index; end < segments.length; end++) {
    seconds += segments[end]!.seconds;
    if (seconds > longest) break;
    runs.push(segments.slice(index, end + 1));
  }
  return runs;
}

/** Seconds of all of them. */
export const total = (segments: readonly Segment[]) =>
  segments.reduce((sum, { seconds }) => sum + seconds, 0);

/** RFC 8216, 4.3.3.1: "the EXTINF duration, when rounded to the nearest integer, MUST be less than or equal" to it. */
const targetDuration = (segments: readonly Segment[]) =>
  Math.max(1, ...segments.map(({ seconds }) => Math.round(seconds)));

/** Path of a track's playlist, beside its segments. */
export const playlistPath = ({ name }: Pick<Track, "name">): string => `${name}/index.m3u8`;

/**
 * The media playlist of one track.
 * @param growing given while segments are still to come: their target duration, and whether the encode has ended
 */
export function mediaPlaylist(
  { init, segments }: Pick<Track, "init" | "segments">,
  growing?: { target: number; ended: boolean },
): string {
  return lines([
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    `#EXT-X-TARGETDURATION:${growing?.target ?? targetDuration(segments)}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${growing ? "EVENT" : "VOD"}`,
    // Players would treat a growing playlist as a live stream, and begin near its end.
    ...(growing ? ["#EXT-X-START:TIME-OFFSET=0"] : []),
    "#EXT-X-INDEPENDENT-SEGMENTS",
    `#EXT-X-MAP:URI="${inFolder(init.path)}"`,
    ...segments.flatMap(({ file, seconds }) => [`#EXTINF:${seconds},`, inFolder(file.path)]),
    ...(growing?.ended === false ? [] : ["#EXT-X-ENDLIST"]),
  ]);
}

/** Path of a video's playlist of keyframes. */
export const keyframePlaylistPath = ({ name }: Pick<Track, "name">): string => `${name}/keyframes.m3u8`;

/**
 * The I-frame playlist of a video: the first bytes of each segment, for fast seeking and scrubbing. A keyframe
 * lasts until the next one.
 * @source RFC 8216, 4.3.3.6
 */
export function keyframePlaylist({ init, segments }: Track): string {
  return lines([
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    `#EXT-X-TARGETDURATION:${targetDuration(segments)}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-I-FRAMES-ONLY",
    `#EXT-X-MAP:URI="${inFolder(init.path)}"`,
    ...segments.flatMap(({ file, seconds, keyframeBytes }) => [
      `#EXTINF:${seconds},`,
      `#EXT-X-BYTERANGE:${keyframeBytes}@0`,
      inFolder(file.path),
    ]),
    "#EXT-X-ENDLIST",
  ]);
}

/** A rendition as the master playlist names it, with the rates of its segments and of its keyframes alone. */
export type Variant = Size & { name: string; codec: string; rates: Bandwidth; keyframes?: Bandwidth };
type Sound = { name: string; codec: string; rates: Bandwidth };

/** The master playlist of packaged tracks. */
export function masterPlaylist(
  videos: readonly VideoTrack[],
  audio: Track | null,
  { frameRate, captions }: { frameRate: FrameRate; captions: readonly CaptionTrack[] },
): string {
  const variants = videos.map((video) => ({
    ...video,
    rates: bandwidth(video.segments),
    keyframes: bandwidth(video.segments, ({ keyframeBytes }) => keyframeBytes),
  }));
  const sound = audio && { ...audio, rates: bandwidth(audio.segments) };
  return masterOf(variants, sound, { frameRate, captions });
}

/** The master playlist; the rendition to start with first, then the others by size. */
export function masterOf(
  variants: readonly Variant[],
  sound: Sound | null,
  { frameRate, captions }: { frameRate: FrameRate; captions: readonly CaptionTrack[] },
): string {
  const subtitles = captions.length > 0;
  const listed = startFirst(variants);
  return lines([
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(sound
      ? [
          '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,AUTOSELECT=YES,' +
            `CHANNELS="2",URI="${playlistPath(sound)}"`,
        ]
      : []),
    ...captions.map(captionLine),
    ...listed.flatMap((variant) => [
      streamLine(variant, sound, { frameRate, subtitles }),
      playlistPath(variant),
    ]),
    ...listed.flatMap(scrubbingLine),
  ]);
}

/** Players start with at most so many lines: about 1 Mbit/s. */
const startLines = 480;

/**
 * Puts the rendition first that a phone should start with, before it has measured its line, then the others, smallest first.
 * @param variants largest first
 * @source Apple, HLS Authoring Specification: players start with the first variant, which should have an average of
 *   730 kbit/s on cellular networks and 2,000 kbit/s on Wi-Fi; 480 lines lie between
 */
function startFirst(variants: readonly Variant[]): Variant[] {
  const start =
    variants.find(({ width, height }) => Math.min(width, height) <= startLines) ?? variants.at(-1)!;
  return [start, ...variants.toReversed().filter((variant) => variant !== start)];
}

function streamLine(
  { codec, width, height, rates }: Variant,
  sound: Sound | null,
  { frameRate, subtitles }: { frameRate: FrameRate; subtitles: boolean },
): string {
  const { peak, average } = sound?.rates ?? { peak: 0, average: 0 };
  const attributes = [
    `BANDWIDTH=${rates.peak + peak}`,
    `AVERAGE-BANDWIDTH=${rates.average + average}`,
    `CODECS="${[codec, ...(sound ? [sound.codec] : [])].join(",")}"`,
    `RESOLUTION=${width}x${height}`,
    `FRAME-RATE=${perSecond(frameRate).toFixed(3)}`,
    "VIDEO-RANGE=SDR",
    ...(sound ? ['AUDIO="audio"'] : []),
    ...(subtitles ? ['SUBTITLES="captions"'] : []),
    // Without it, Apple's players offer captions that the picture's stream does not hold.
    "CLOSED-CAPTIONS=NONE",
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(",")}`;
}

const captionLine = ({ language, label, playlist }: CaptionTrack): string =>
  `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="${label}",LANGUAGE="${language}",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="${playlist.path}"`;

function scrubbingLine({ name, codec, width, height, keyframes }: Variant): string[] {
  if (keyframes === undefined) return [];
  const attributes = [
    `BANDWIDTH=${keyframes.peak}`,
    `AVERAGE-BANDWIDTH=${keyframes.average}`,
    `CODECS="${codec}"`,
    `RESOLUTION=${width}x${height}`,
    "VIDEO-RANGE=SDR",
    `URI="${keyframePlaylistPath({ name })}"`,
  ];
  return [`#EXT-X-I-FRAME-STREAM-INF:${attributes.join(",")}`];
}

const inFolder = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const lines = (all: readonly string[]) => `${all.join("\n")}\n`;
