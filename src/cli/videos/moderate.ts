import { type Command, Option } from "commander";
import type { Redis } from "ioredis";
import { AnalysisSettings, moderationOf } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { connectRedis } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { VideoQueues } from "../../queues/video-queues.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../../transcode/base/settings.ts";
import { openBlobStore } from "../../videos/open-blob-store.ts";
import { VideoSettings } from "../../videos/settings.ts";
import { Decision, type VideoRecord } from "../../videos/video.ts";
import { VideoStore } from "../../videos/video-store.ts";
import {
  type Ban,
  banVideo,
  clearVideo,
  judgePending,
  type ModerationDependencies,
} from "../../workers/moderation/moderate.ts";
import { printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";

type Options = {
  ban?: "explicit" | "reported";
  clear?: true;
  pending?: true;
  reason?: string;
  by?: string;
  json?: true;
};

const bans: Record<NonNullable<Options["ban"]>, Ban> = {
  explicit: "BannedForExplicitness",
  reported: "BannedDueToUserReporting",
};

export default function moderate(command: Command): void {
  command
    .argument("[ids...]", "videos, by their ids")
    .addOption(new Option("--ban <why>", "ban them; the ban can be lifted").choices(["explicit", "reported"]))
    .addOption(new Option("--clear", "lift their ban, or mark them as safe").conflicts("ban"))
    .addOption(
      new Option("--pending", "judge what was cleared while moderation was off").conflicts(["ban", "clear"]),
    )
    .option("--reason <sentence>", "reason for the record: with --ban and --clear")
    .option("--by <name>", "the moderator's name for the record (default: the identity's principal)")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      `
Without --ban, --clear and --pending it shows what was seen in the videos, and the decisions on them; without ids, too,
every video that a moderator has decided on. A ban stops feeds
and makes files answer 410; what was encoded stays, and --clear has the workers publish it again. The identity needs
the role moderator.

Example:
  ./kiln moderate 0123456789abcdef0123456789abcdef --clear --reason "a painting by Goya"`,
    )
    .action(async (ids: string[], options: Options) => {
      if ((options.ban || options.clear) && ids.length === 0)
        throw new TypedError("VIDEO_NOT_NAMED", "name the videos to ban or clear by their ids");
      const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
      try {
        const store = new VideoStore(redis);
        if (options.pending || options.ban || options.clear) {
          await using queues = new VideoQueues(redis);
          await act(ids, options, { redis, store, queues });
        } else if (ids.length > 0) print(await Promise.all(ids.map((id) => store.get(id))), options);
        else print(await decided(store), options);
      } finally {
        redis.disconnect();
      }
    });
}

/** The videos that a moderator has decided on, newest first. */
async function decided(store: VideoStore): Promise<VideoRecord[]> {
  const records: VideoRecord[] = [];
  for await (const id of store.ids()) {
    const record = await store.get(id);
    if ((record.decisions ?? []).length > 0) records.push(record);
  }
  return records;
}

async function act(
  ids: readonly string[],
  options: Options,
  { redis, store, queues }: Pick<ModerationDependencies, "store" | "queues"> & { redis: Redis },
): Promise<void> {
  const network = await connect(readSettings(IcSettings));
  const blobs = await openBlobStore(redis, readSettings(VideoSettings).KILN_BLOBS);
  const dependencies = { store, queues, blobs, network };
  if (options.pending) return await judge(dependencies, options);
  const decision = decisionOf(options, network.principal);
  for (const id of ids) {
    if (options.ban) await banVideo(dependencies, id, bans[options.ban], decision);
    else await clearVideo(dependencies, id, decision);
  }
  print(await Promise.all(ids.map((id) => store.get(id))), options);
}

function decisionOf({ ban, by, reason }: Options, principal: string): Decision {
  const { data } = Decision.safeParse({
    ...{ verdict: ban ? "ban" : "clear", by: by ?? principal, reason, at: Date.now() },
  });
  if (data !== undefined) return data;
  throw new TypedError("REASON_NEEDED", "give the reason with --reason, in 1 to 1000 characters");
}

async function judge(dependencies: ModerationDependencies, { json }: Options): Promise<void> {
  const moderation = moderationOf(readSettings(AnalysisSettings));
  if (moderation === null)
    throw new TypedError(
      "MODERATION_OFF",
      "videos are not judged while KILN_MODERATION is off: leave it out",
    );
  const transcoding = readSettings(TranscodeSettings);
  const judged = [];
  const [policy, limits] = [policyOf(transcoding), limitsOf(transcoding)];
  for await (const late of judgePending(dependencies, { moderation, policy, limits, signal: stopSignal() })) {
    judged.push(late);
    if (!json) console.log(`${late.id} ${late.verdict}${late.why ? `: ${late.why}` : ""}`);
  }
  if (json) console.log(JSON.stringify({ judged }));
  else if (judged.length === 0) console.log("every public video has been judged");
}

function print(records: readonly VideoRecord[], { json }: Options): void {
  const rows = records.map(({ id, state, reason, moderation, decisions = [] }) => ({
    ...{ id, state, decisions },
    ...(reason ? { reason } : {}),
    ...(moderation ? { moderation } : {}),
  }));
  if (json) return void console.log(JSON.stringify({ videos: rows }));
  printTable(
    ["video", "state", "seen", "decisions"],
    rows.map(({ id, state, moderation, decisions }) => [
      ...[
        id,
        state,
        moderation ? `${moderation.verdict}, explicitness ${moderation.explicit}` : "not judged",
      ],
      decisions
        .map(({ verdict, by, reason, at }) => `${new Date(at).toISOString()} ${verdict} by ${by}: ${reason}`)
        .join("\n"),
    ]),
  );
}
