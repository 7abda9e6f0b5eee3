import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import { fileUrl, hardened, runFfmpeg } from "../base/ffmpeg.ts";
import { isDiskFull } from "../base/rejection.ts";
import type { Source } from "../probe/screen.ts";
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
 * Reads the text tracks of a source.
 * @param folder for what ffmpeg writes
 * @returns also the codecs of those that could not be read: captions never fail a video
 * @throws TypedError FFMPEG_MISSING, DISK_FULL; the signal's reason when it is aborted
 */
export async function extractCaptions(
  { path, container, captions: streams }: Pick<Source, "path" | "container" | "captions">,
  { folder, stallSeconds, signal }: { folder: string; stallSeconds: number; signal: AbortSignal | undefined },
): Promise<{ captions: Captions[]; lost: string[] }> {
  const captions: Captions[] = [];
  const lost: string[] = [];
  for (const { index, codec, language } of streams) {
    const target = join(folder, `captions-${index}.vtt`);
    const options = ["-map", `0:${index}`, "-c:s", "webvtt", "-fs", `${maxBytes}`, "-f", "webvtt"];
    try {
      await runFfmpeg(
        {
          inputOptions: hardened(container.demuxer),
          input: fileUrl(path),
          filterGraph: null,
          outputs: [{ options, target }],
        },
        { signal, stallMs: stallSeconds * 1000 },
      );
      captions.push({
        language: languageOf(language ?? "und") ?? "und",
        cues: readCues(await readFile(target, "utf8")),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (isDiskFull(error) || (error instanceof TypedError && error.code === "FFMPEG_MISSING")) throw error;
      lost.push(codec);
    }
  }
  return { captions, lost };
}
