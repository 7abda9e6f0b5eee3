import {
  FilePathSource,
  Input,
  type InputVideoTrack,
  Logging,
  LogLevel,
  MATROSKA,
  MP4,
  MPEG_TS,
  QTFF,
  WEBM,
} from "mediabunny";
import type { Color, VideoStream } from "./streams.ts";

// Its notes would go to standard output, which is reserved for `--json`.
Logging.level = LogLevel.Silent;

/** Formats that refer to no other file. */
const selfContained = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/**
 * Reads with mediabunny the stream that ffprobe's packets chose: its colour, from the bitstream, where ffprobe
 * reports none, and the duration of its packets.
 */
export async function secondOpinion(path: string, video: VideoStream): Promise<VideoStream> {
  using input = new Input({ source: new FilePathSource(path), formats: selfContained });
  // A file that only ffmpeg can read is no error: there is no second opinion then.
  const track = await trackLike(input, video).catch(() => undefined);
  if (track === undefined) return video;
  const { matrix, transfer, primaries } = video.color;
  const known = matrix && transfer && primaries;
  const space = known ? undefined : await track.getColorSpace().catch(() => undefined);
  return {
    ...video,
    color: space ? filled(video.color, space) : video.color,
    otherDuration: await durationOf(track).catch(() => null),
  };
}

/** The track with the size of our stream: the primary one may be another. */
async function trackLike(input: Input, { width, height }: VideoStream): Promise<InputVideoTrack | undefined> {
  for (const track of await input.getVideoTracks()) {
    if ((await track.getCodedWidth()) === width && (await track.getCodedHeight()) === height) return track;
  }
  return undefined;
}

/** Seconds that are shown: what an edit list cuts away at the beginning has negative times. */
async function durationOf(track: InputVideoTrack): Promise<number> {
  return (await track.computeDuration()) - Math.max(0, await track.getFirstTimestamp());
}

type ColorSpace = Awaited<ReturnType<InputVideoTrack["getColorSpace"]>>;

function filled({ matrix, transfer, primaries, range }: Color, space: ColorSpace): Color {
  const name = (theirs: string | null | undefined) => (theirs ? (ffmpegNames[theirs] ?? theirs) : null);
  return {
    matrix: matrix ?? name(space.matrix),
    transfer: transfer ?? name(space.transfer),
    primaries: primaries ?? name(space.primaries),
    range: range ?? (space.fullRange == null ? null : space.fullRange ? "pc" : "tv"),
  };
}

/** WebCodecs' names of colour spaces where ffmpeg's differ. */
const ffmpegNames: Record<string, string> = {
  "bt2020-ncl": "bt2020nc",
  pq: "smpte2084",
  hlg: "arib-std-b67",
  rgb: "gbr",
};
