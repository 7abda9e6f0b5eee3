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
import { impossibleTable } from "./impossible-table.ts";
import type { Request, SecondOpinion } from "./second-opinion.ts";
import type { Color } from "./streams.ts";

type Size = Pick<Request, "width" | "height">;

// Its notes would go to standard output, which is reserved for `--json`.
Logging.level = LogLevel.Silent;

/** Formats that refer to no other file. */
const selfContained = [MP4, QTFF, MATROSKA, WEBM, MPEG_TS];

/** Reads the track that has the size of the stream that ffprobe's packets chose, in this process. */
export async function readSecondOpinion({ path, width, height, color }: Request): Promise<SecondOpinion> {
  const missing = (why: string) => ({ duration: null, color: null, missing: why });
  const table = await impossibleTable(path);
  if (table !== null) return missing(table);
  using input = new Input({ source: new FilePathSource(path), formats: selfContained });
  try {
    const track = await trackLike(input, { width, height });
    if (track === undefined) return missing("mediabunny finds no such track");
    const space = color ? await track.getColorSpace().catch(() => undefined) : undefined;
    const found = { color: space ? named(space) : null };
    try {
      return { ...found, duration: await durationOf(track), missing: null };
    } catch (error) {
      return { ...missing(unreadable(error)), ...found };
    }
  } catch (error) {
    // A file that only ffmpeg can read is no error.
    return missing(unreadable(error));
  }
}

const unreadable = (error: unknown) => `mediabunny cannot read it: ${(error as Error).message}`;

/** The track with the size of our stream: the primary one may be another. */
async function trackLike(input: Input, { width, height }: Size): Promise<InputVideoTrack | undefined> {
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

function named(space: ColorSpace): Color {
  const name = (theirs: string | null | undefined) => (theirs ? (ffmpegNames[theirs] ?? theirs) : null);
  return {
    matrix: name(space.matrix),
    transfer: name(space.transfer),
    primaries: name(space.primaries),
    range: space.fullRange == null ? null : space.fullRange ? "pc" : "tv",
  };
}

/** WebCodecs' names of colour spaces where ffmpeg's differ. */
const ffmpegNames: Record<string, string> = {
  "bt2020-ncl": "bt2020nc",
  pq: "smpte2084",
  hlg: "arib-std-b67",
  rgb: "gbr",
};
