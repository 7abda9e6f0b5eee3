import type { TakedownStatus } from "@kiln/client/indexed-video";
import { type Command, Option } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { type Connection, connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { takeDownVideo } from "../../ic/publish/take-down-video.ts";
import { connectRedis } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { openBlobStore } from "../../videos/open-blob-store.ts";
import { VideoSettings } from "../../videos/settings.ts";
import { VideoStore } from "../../videos/video-store.ts";
import { takedown } from "../../workers/moderation/takedown.ts";

const statuses: Record<string, TakedownStatus> = {
  explicit: "BannedForExplicitness",
  reported: "BannedDueToUserReporting",
  deleted: "Deleted",
};

type Options = { as: string; reason: string; canistersOnly?: true };

/** Takes one video down. */
type Takedown = (id: string, status: TakedownStatus, why: string) => Promise<void>;

export default function takedownCommand(command: Command): void {
  command
    .argument("<ids...>", "videos, by their ids")
    .addOption(new Option("--as <why>", "the reason").choices(Object.keys(statuses)).makeOptionMandatory())
    .option("--reason <sentence>", "for the record", "taken down by the operator")
    .option("--canisters-only", "without Redis: for videos that were published without a worker")
    .addHelpText(
      "after",
      `
The index changes first, then the files (410 from then on), then originals and products. May be repeated. Where KILN_REDIS_URL
is not set and no Redis runs on this machine, only the canisters are changed.
Settings: KILN_REDIS_URL, KILN_BLOBS; the network as for kiln publish.

Example:
  kiln takedown 0123456789abcdef0123456789abcdef --as reported --reason "copyright claim"`,
    )
    .action(async (ids: string[], options: Options) => {
      const network = await connect(readSettings(IcSettings));
      await using way = await wayOf(network, options);
      for (const id of ids) {
        await way.takedown(id, statuses[options.as]!, options.reason);
        console.log(`${id} ${statuses[options.as]}`);
      }
    });
}

async function wayOf(
  network: Connection,
  { canistersOnly }: Options,
): Promise<AsyncDisposable & { takedown: Takedown }> {
  const redis = canistersOnly ? undefined : await openRedis();
  if (redis === undefined) {
    return {
      takedown: (id, status) => takeDownVideo({ ...network, id, attempt: 0, status }),
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const blobs = await openBlobStore(redis, readSettings(VideoSettings).KILN_BLOBS);
  const dependencies = { store: new VideoStore(redis), blobs, network };
  return {
    takedown: (id, status, why) => takedown(dependencies, id, status, why),
    [Symbol.asyncDispose]: async () => redis.disconnect(),
  };
}

/** @returns undefined where KILN_REDIS_URL is not set and no Redis runs */
async function openRedis() {
  try {
    return await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
  } catch (error) {
    const isAskedFor = process.env.KILN_REDIS_URL !== undefined;
    if (isAskedFor || !(error instanceof TypedError) || error.code !== "REDIS_UNREACHABLE") throw error;
    console.error(
      "no Redis runs here: only the canisters are changed; KILN_REDIS_URL names the Redis of the workers",
    );
    return undefined;
  }
}
