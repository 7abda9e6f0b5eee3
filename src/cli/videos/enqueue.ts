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
import { printTable } from "../output.ts";

/** Files that are hashed and entered at a time: one waits for Redis while others are read. */
const atOnce = 16;

type Options = { title?: string; post?: string; wait?: true; json?: true };

/** A file from the command line, and its video, or why it was refused. */
type Row = { file: string } & (
  | Pick<VideoUpdate, "id" | "state" | "reason" | "url">
  | { state: "refused"; reason: NonNullable<VideoUpdate["reason"]> }
);

export default function enqueue(command: Command): void {
  command
    .argument("<files...>", "video files; the workers need to see them under the same path")
    .option("--title <title>", "shown to viewers (default: the file's name)")
    .option(
      "--post <principal/number>",
      "the post that the file belongs to: its author owns the video, its status follows the video's",
    )
    .option("--wait", "follow the videos until each is published, rejected, banned or failed")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      `
Exit code 1 when a file could not be enqueued or the work on one failed. A video that the workers reject (it is too long,
damaged...) or ban is a result: exit code 0, with the reason in the last column.
Example:
  kiln enqueue dance.mp4 --title Dance --wait`,
    )
    .action(async (files: string[], options: Options) => {
      const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
      try {
        const store = new VideoStore(redis);
        await using queues = new VideoQueues(redis);
        const rows = await inOrder(files, atOnce, (file) => enter({ store, queues }, file, options));
        const ids = rows.flatMap((row) => ("id" in row ? [row.id] : []));
        const latest = new Map<string, VideoUpdate>();
        if (options.wait) {
          for await (const update of followVideos(redis, ids)) {
            latest.set(update.id, update);
            if (!options.json) console.error(progressLine(filesOf(rows, update.id), update));
          }
        }
        print(
          rows.map((row) => {
            const update = "id" in row ? latest.get(row.id) : undefined;
            return update === undefined ? row : { ...row, ...summaryOf(update) };
          }),
          options,
        );
      } finally {
        redis.disconnect();
      }
    });
}

/** Does something for each item, some at a time. @returns the results in the order of the items */
async function inOrder<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = items.entries();
  const take = async () => {
    for (const [index, item] of left) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, take));
  return results;
}

/** A file that is refused does not stop the others. */
async function enter(
  dependencies: { store: VideoStore; queues: VideoQueues },
  file: string,
  { title, post }: Options,
): Promise<Row> {
  try {
    return { file, ...summaryOf(await enqueueVideo(dependencies, file, { title, post })) };
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    return { file, state: "refused", reason: { code: error.code, message: error.message } };
  }
}

function summaryOf({ id, state, reason, url }: VideoRecord | VideoUpdate) {
  return { id, state, ...(reason && { reason }), ...(url && { url }) };
}

/** Files with the same content are one video. */
const filesOf = (rows: readonly Row[], id: string) =>
  rows
    .filter((row) => "id" in row && row.id === id)
    .map(({ file }) => file)
    .join(", ");

function progressLine(files: string, { state, stage, fraction }: VideoUpdate): string {
  const share = fraction === undefined ? "" : ` ${Math.floor(100 * fraction)} %`;
  return `${files}: ${state}${stage === undefined ? "" : ` ${stage}`}${share}`;
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
  if (rows.some(({ state }) => state === "refused" || state === "failed")) process.exitCode = 1;
}
