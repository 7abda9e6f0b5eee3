import { basename, dirname } from "node:path";
import { z } from "zod";
import { fileUrl, hardened, runFfprobe } from "../base/ffmpeg.ts";
import type { ReadingOptions } from "../base/reading.ts";

/** What a decoder made of a track: frames (or audio frames), and the errors it reported. */
export type Decoded = { frames: number; errors: string[] };

const FrameCount = z.object({
  streams: z.tuple([z.object({ nb_read_frames: z.coerce.number().default(0) })]),
});

/**
 * Decodes the one track of a finished playlist.
 * @throws RejectionError CORRUPT when it cannot be read at all
 */
export async function decode(
  playlist: string,
  what: "keyframes" | "all frames",
  run: ReadingOptions,
): Promise<Decoded> {
  const errors: string[] = [];
  const printed = await runFfprobe(
    [
      ...hardened("hls"),
      ...(what === "keyframes" ? ["-skip_frame", "nokey"] : []),
      ...["-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "json"],
      ...["-i", fileUrl(basename(playlist))],
    ],
    {
      ...run,
      // Beside the playlist, so that no character of the folder's name can spoil the addresses in it.
      cwd: dirname(playlist),
      onLog: (text) => errors.push(...text.split("\n").filter((line) => line !== "")),
    },
  );
  const { streams } = FrameCount.parse(JSON.parse(printed));
  return { frames: streams[0].nb_read_frames, errors };
}
