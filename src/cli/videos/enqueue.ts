import type { Command } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { connectRedis } from "../../queues/connection.ts";
import { enqueueVideo } from "../../queues/enqueue-video.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { VideoQueues } from "../../queues/video-queues.ts";
import { followVideos } from "../../videos/follow-videos.ts";
import type { VideoRecord } from "../../videos/video.ts";
import { VideoStore } from "../../videos/video-store.ts";
import type { VideoUpdate } from "../../videos/video-update.ts";
import { printTable } from "../table.ts";

type Options = { title?: string; post?: string; wait?: true; json?: true };

/** A file that was asked for, and what is known of it: its video, or why it is none. */
type Row = { file: string } & (
  | Pick<VideoUpdate, "id" | "state" | "reason" | "url">
  | { state: "refused"; reason: NonNullable<VideoUpdate["reason"]> }
);

export default function enqueue(command: Command): void {
  command
    .argument("<files...>", "video files; the workers must see them under the same path")
    .option("--title <title>", "what viewers read (default: the file's name)")
    .option(
      "--post <principal/number>",
      "the post that the file is for: its author owns the video, its status follows",
    )
    .option("--wait", "follow the videos until each is published or refused")
    .option("--json", "print one JSON document on standard output")
    .addHelpText("after", "\nExample:\n  kiln enqueue dance.mp4 --title Dance --wait")
    .action(async (files: string[], options: Options) => {
      const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
      try {
        const store = new VideoStore(redis);
        await using queues = new VideoQueues(redis);
        const rows: Row[] = [];
        for (const file of files) rows.push(await enter({ store, queues }, file, options));
        const ids = rows.flatMap((row) => ("id" in row ? [row.id] : []));
        const ends = new Map<string, VideoUpdate>();
        if (options.wait) {
          for await (const update of followVideos(redis, ids)) {
            ends.set(update.id, update);
            if (!options.json) console.error(progressLine(update));
          }
        }
        print(
          rows.map((row) => ("id" in row && ends.has(row.id) ? { ...row, ...seen(ends.get(row.id)!) } : row)),
          options,
        );
      } finally {
        redis.disconnect();
      }
    });
}

/** One file that is refused does not stop the others. */
async function enter(
  parts: { store: VideoStore; queues: VideoQueues },
  file: string,
  { title, post }: Options,
): Promise<Row> {
  try {
    return { file, ...seen(await enqueueVideo(parts, file, { title, post })) };
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    return { file, state: "refused", reason: { code: error.code, message: error.message } };
  }
}

function seen({ id, state, reason, url }: VideoRecord | VideoUpdate) {
  return { id, state, ...(reason && { reason }), ...(url && { url }) };
}

function progressLine({ id, state, stage, fraction }: VideoUpdate): string {
  const share = fraction === undefined ? "" : ` ${Math.floor(100 * fraction)} %`;
  return `${id} ${state}${stage === undefined ? "" : ` ${stage}`}${share}`;
}

function print(rows: Row[], { json }: Options): void {
  if (json) console.log(JSON.stringify({ videos: rows }));
  else
    printTable(
      ["file", "id", "state", ""],
      rows.map((row) => [
        row.file,
        "id" in row ? row.id : "",
        row.state,
        ("url" in row ? row.url : undefined) ??
          (row.reason ? `${row.reason.code}: ${row.reason.message}` : ""),
      ]),
    );
  // A video that the workers refuse for good is an answer; a file that is none, or work given up, is not.
  if (rows.some(({ state }) => state === "refused" || state === "failed")) process.exitCode = 1;
}
