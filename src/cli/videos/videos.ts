import { type Command, InvalidArgumentError, Option } from "commander";
import type { Redis } from "ioredis";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { connectRedis } from "../../queues/connection.ts";
import { ensureJobs } from "../../queues/enqueue-video.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { VideoQueues } from "../../queues/video-queues.ts";
import { Stage, type VideoRecord, VideoState } from "../../videos/video.ts";
import { VideoStore } from "../../videos/video-store.ts";
import { printJson, printTable } from "../output.ts";
import { minute, standing } from "./standing.ts";

type ListOptions = { state?: VideoState; limit: number; json?: true };
type RetryOptions = { failed?: true; rejected?: string; from?: Stage; json?: true };

export default function videos(command: Command): void {
  command
    .command("list")
    .description("the newest videos, with what each waits for or how it ended")
    .addOption(new Option("--state <state>", "only those in this state").choices(VideoState.options))
    .option("--limit <n>", "how many at most", wholeNumber, 50)
    .option("--json", "print one JSON document on standard output")
    .action(({ state, limit, json }: ListOptions) =>
      withStore(async ({ store }) => {
        const records = await chosen(store, (record) => state === undefined || record.state === state, limit);
        if (json) return printJson({ videos: records });
        printTable(
          ["video", "state", "title", ""],
          records.map((record) => [record.id, record.state, record.title, standing(record)]),
        );
      }),
    );

  command
    .command("show")
    .description("everything that is known of a video")
    .argument("<id>", "the video's id")
    .option("--json", "print one JSON document on standard output")
    .action((id: string, { json }: { json?: true }) =>
      withStore(async ({ store }) => {
        const record = await store.get(id);
        if (json) return printJson(record);
        const { waiting, reason, ...fields } = record;
        const rows = Object.entries(fields).map(([name, value]) => [name, shown(name, value)]);
        printTable(["field", "value"], waiting || reason ? [...rows, ["", standing(record)]] : rows);
      }),
    );

  command
    .command("retry")
    .description("have the workers try again what failed, or judge again what was rejected")
    .argument("[ids...]", "videos, by their ids")
    .option("--failed", "all that failed")
    .option("--rejected <code>", "all that were rejected with this code, such as TOO_LONG")
    .addOption(
      new Option("--from <stage>", "default: the stage that failed; ingest for what was rejected").choices(
        Stage.options,
      ),
    )
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      `
What was rejected is read from its source again. From ingest or transcode on a video is encoded anew.

Examples:
  kiln videos retry --rejected TOO_LONG              after KILN_MAX_SECONDS was raised
  kiln videos retry 0123456789abcdef0123456789abcdef --from transcode`,
    )
    .action((ids: string[], options: RetryOptions) => withStore((opened) => retry(opened, ids, options)));
}

type Opened = { redis: Redis; store: VideoStore };

async function withStore(action: (opened: Opened) => Promise<void>): Promise<void> {
  const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
  try {
    await action({ redis, store: new VideoStore(redis) });
  } finally {
    redis.disconnect();
  }
}

async function retry(
  { redis, store }: Opened,
  ids: readonly string[],
  { failed, rejected, from, json }: RetryOptions,
): Promise<void> {
  if (ids.length === 0 && !failed && rejected === undefined)
    throw new TypedError("VIDEO_NOT_NAMED", "name videos by their ids, or give --failed or --rejected CODE");
  await using queues = new VideoQueues(redis);
  const records = await Promise.all(ids.map((id) => store.get(id)));
  const isMeant = ({ state, reason }: VideoRecord) =>
    (failed && state === "failed") ||
    (rejected !== undefined && state === "rejected" && reason?.code === rejected);
  if (failed || rejected !== undefined) records.push(...(await chosen(store, (record) => !!isMeant(record))));
  const rows: { id: string; state: VideoState; from?: Stage; refused?: string }[] = [];
  for (const { id } of records) {
    const record = await store.get(id);
    const stage = from ?? defaultStage(record);
    const { outcome } = await store.apply(id, { type: "reopened", from: stage });
    if (outcome === "moved") await ensureJobs({ store, queues }, id);
    const { state } = await store.get(id);
    rows.push({
      id,
      state,
      ...(outcome === "moved" ? { from: stage } : { refused: whyRefused(record, stage) }),
    });
  }
  if (json) printJson({ videos: rows });
  else
    printTable(
      ["video", "state", ""],
      rows.map(({ id, state, from, refused }) => [id, state, refused ?? `again from ${from}`]),
    );
  if (rows.some(({ refused }) => refused !== undefined)) process.exitCode = 1;
}

/** The stage that can heal what went wrong. */
function defaultStage({ state, stage, reason }: VideoRecord): Stage {
  if (state === "rejected" || reason?.code === "ORIGINAL_MISSING") return "ingest";
  if (reason?.code === "NO_MANIFEST") return "transcode";
  return stage ?? "ingest";
}

function whyRefused({ state, product }: VideoRecord, from: Stage): string {
  if (from === "publish" && product === undefined) return "it has not been encoded: --from transcode";
  return `it is ${state}: only what failed or was rejected is tried again`;
}

async function chosen(
  store: VideoStore,
  isMeant: (record: VideoRecord) => boolean,
  limit = Number.POSITIVE_INFINITY,
): Promise<VideoRecord[]> {
  const records: VideoRecord[] = [];
  const report = (id: string, { code, message }: TypedError) => console.error(`${id}: ${code}: ${message}`);
  for await (const record of store.records(report)) {
    if (isMeant(record)) records.push(record);
    if (records.length >= limit) break;
  }
  return records;
}

function shown(name: string, value: unknown): string {
  if (name === "createdAt" || name === "updatedAt") return minute(Number(value));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number above 0");
}
