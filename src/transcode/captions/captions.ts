import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import { type FfmpegCommand, fileUrl, graphValue, hardened, maxTimerMs, runFfmpeg } from "../base/ffmpeg.ts";
import { isDiskFull } from "../base/rejection.ts";
import { type RunPolicy, softwareBounds } from "../base/resource-limits.ts";
import type { Source } from "../probe/screen.ts";
import type { CaptionStream } from "../probe/streams.ts";
import { type Cue, readCues } from "./webvtt.ts";

/** Captions or subtitles in one language (BCP 47, `und` where it is not known). */
export type Captions = { language: string; cues: Cue[] };

/** A file beside the video. */
export type CaptionFile = { language: string; path: string };

/** More is no text that a viewer could read. */
const maxBytes = 4 * 1024 ** 2;

/** BCP 47 by whatever a container or a person calls a language: `eng` is `en`. Null for what is none. */
export function languageOf(name: string): string | null {
  try {
    return Intl.getCanonicalLocales(name)[0] ?? null;
  } catch {
    return null;
  }
}

/**
 * Reads files of captions: WebVTT or SRT, in UTF-8.
 * @throws TypedError CAPTIONS_INVALID
 */
export async function readCaptionFiles(files: readonly CaptionFile[]): Promise<Captions[]> {
  return Promise.all(
    files.map(async ({ language: name, path }) => {
      const invalid = (why: string, cause?: unknown) =>
        new TypedError("CAPTIONS_INVALID", `${path}: ${why}`, { cause });
      const language = languageOf(name);
      if (language === null) throw invalid(`${JSON.stringify(name)} is no language, such as en or pt-BR`);
      const { size } = await stat(path).catch((cause) => {
        throw invalid("it cannot be read", cause);
      });
      if (size > maxBytes) throw invalid(`${size} bytes, at most ${maxBytes} are read`);
      try {
        return { language, cues: readCues(await readFile(path, "utf8")) };
      } catch (cause) {
        throw invalid((cause as Error).message, cause);
      }
    }),
  );
}

/**
 * Reads the text tracks of a source, and the captions in its pictures.
 * @param folder for what ffmpeg writes
 * @returns also the codecs of those that could not be read: captions never fail a video
 * @throws TypedError FFMPEG_MISSING, DISK_FULL; the signal's reason when it is aborted
 */
export async function extractCaptions(
  source: CaptionedSource,
  { folder, policy, signal }: { folder: string; policy: RunPolicy; signal: AbortSignal | undefined },
): Promise<{ captions: Captions[]; lost: string[] }> {
  const captions: Captions[] = [];
  const lost: string[] = [];
  for (const stream of source.captions) {
    const target = join(folder, `captions-${stream.index}.vtt`);
    const inPicture = stream.codec === "eia_608";
    const { stallMs, bounds } = softwareBounds(policy);
    try {
      await runFfmpeg(inPicture ? decoding(source, stream, target) : converting(source, stream, target), {
        signal,
        // The progress of text is its last caption, and the whole video may be decoded before it; the time is bounded.
        stallMs: inPicture ? maxTimerMs : stallMs,
        bounds,
      });
      const cues = readCues(await readFile(target, "utf8"));
      captions.push({
        language: languageOf(stream.language ?? "und") ?? "und",
        // The decoder counts from the first frame.
        cues: inPicture ? delayed(cues, source.video.start) : cues,
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (isDiskFull(error) || (error instanceof TypedError && error.code === "FFMPEG_MISSING")) throw error;
      lost.push(inPicture ? "cea-608/708" : stream.codec);
    }
  }
  return { captions, lost };
}

type CaptionedSource = Pick<Source, "path" | "container" | "captions"> & {
  video: Pick<Source["video"], "start">;
};

const asWebVtt = ["-c:s", "webvtt", "-fs", `${maxBytes}`, "-f", "webvtt"];

const converting = (
  { path, container }: CaptionedSource,
  { index }: CaptionStream,
  target: string,
): FfmpegCommand => ({
  inputOptions: hardened(container.demuxer),
  input: fileUrl(path),
  filterGraph: null,
  outputs: [{ options: ["-map", `0:${index}`, ...asWebVtt], target }],
});

/** Only as a source filter does ffmpeg hand out what lies in the pictures. A clock that restarts goes on. */
const decoding = (
  { path, container }: CaptionedSource,
  { index }: CaptionStream,
  target: string,
): FfmpegCommand => ({
  inputOptions: ["-f", "lavfi"],
  input: `movie=${graphValue(fileUrl(path))}:f=${container.demuxer}:format_opts=protocol_whitelist=file:si=${index}:discontinuity=1[out0+subcc]`,
  filterGraph: null,
  outputs: [{ options: ["-map", "0:s", ...asWebVtt], target }],
});

const delayed = (cues: readonly Cue[], seconds: number): Cue[] =>
  cues.map((cue) => ({ ...cue, start: cue.start + seconds, end: cue.end + seconds }));
