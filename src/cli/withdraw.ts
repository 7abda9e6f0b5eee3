import { type Command, Option } from "commander";
import { readSettings } from "../config.ts";
import { connect } from "../ic/connection.ts";
import { IcSettings } from "../ic/settings.ts";
import type { Withdrawal } from "../ic/withdraw-video.ts";
import { connectRedis } from "../queues/connection.ts";
import { QueueSettings } from "../queues/settings.ts";
import { folderBlobStore } from "../videos/folder-blob-store.ts";
import { VideoSettings } from "../videos/settings.ts";
import { VideoStore } from "../videos/video-store.ts";
import { withdraw } from "../workers/withdraw.ts";

const statuses: Record<string, Withdrawal> = {
  explicit: "BannedForExplicitness",
  reported: "BannedDueToUserReporting",
  deleted: "Deleted",
};

export default function withdrawCommand(command: Command): void {
  command
    .argument("<ids...>", "videos, by their ids")
    .addOption(
      new Option("--as <why>", "what becomes of them").choices(Object.keys(statuses)).makeOptionMandatory(),
    )
    .option("--reason <sentence>", "for the record", "withdrawn by the operator")
    .addHelpText(
      "after",
      `
The index first, then the files (410 from then on), then originals and products. May be repeated.
Settings: KILN_REDIS_URL, KILN_BLOBS; the network as for kiln publish.

Example:
  kiln withdraw 0123456789abcdef0123456789abcdef --as reported --reason "copyright claim"`,
    )
    .action(async (ids: string[], options: { as: string; reason: string }) => {
      const network = await connect(readSettings(IcSettings));
      const blobs = await folderBlobStore(readSettings(VideoSettings).KILN_BLOBS);
      const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
      try {
        const tools = { store: new VideoStore(redis), blobs, network };
        for (const id of ids) {
          await withdraw(tools, id, statuses[options.as]!, options.reason);
          console.log(`${id} ${statuses[options.as]}`);
        }
      } finally {
        redis.disconnect();
      }
    });
}
