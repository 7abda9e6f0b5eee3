import { FilePathSource, Input, Logging, LogLevel, MATROSKA, MP4, MPEG_TS, QTFF, WEBM } from "mediabunny";
import type { VideoStream } from "./streams.ts";

// Its notes would go to standard output, which belongs to the answer of `--json`.
Logging.level = LogLevel.Silent;

/** Formats that name no other file. */
const selfContained = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/** Colour from mediabunny, which reads the bitstream, where ffprobe is silent. */
export async function secondOpinion(path: string, video: VideoStream): Promise<VideoStream> {
  const { matrix, transfer, primaries } = video.color;
  if (matrix && transfer && primaries) return video;
  using input = new Input({ source: new FilePathSource(path), formats: selfContained });
  // A file that only ffmpeg can read is no fault: then there is no second opinion.
  const space = await colorSpaceOf(input, video).catch(() => undefined);
  if (!space) return video;
  const name = (theirs: string | null | undefined) => (theirs ? (ffmpegNames[theirs] ?? theirs) : null);
  return {
    ...video,
    color: {
      matrix: matrix ?? name(space.matrix),
      transfer: transfer ?? name(space.transfer),
      primaries: primaries ?? name(space.primaries),
      range: video.color.range ?? (space.fullRange == null ? null : space.fullRange ? "pc" : "tv"),
    },
  };
}

/** Of the track with the size of our stream: the primary one may be another. */
async function colorSpaceOf(input: Input, { width, height }: VideoStream) {
  for (const track of await input.getVideoTracks()) {
    if ((await track.getCodedWidth()) === width && (await track.getCodedHeight()) === height)
      return track.getColorSpace();
  }
  return undefined;
}

/** WebCodecs' names of colour spaces where ffmpeg's differ. */
const ffmpegNames: Record<string, string> = {
  "bt2020-ncl": "bt2020nc",
  pq: "smpte2084",
  hlg: "arib-std-b67",
  rgb: "gbr",
};
