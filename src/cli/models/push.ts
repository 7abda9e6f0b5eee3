import type { Command } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { EventSettings } from "../../events/settings.ts";
import { globalSegment, type Pushed, pushVersion } from "../../feed/push/push-version.ts";
import { FeedSettings } from "../../feed/settings.ts";
import { newestVideos } from "../../feed/sources/newest-videos.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { recommenderClient } from "../../ic/canisters/recommender-client.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { contentOf } from "../../ml/datasets/content-file.ts";
import { readActivation } from "../../ml/registry/activation.ts";
import { MlSettings } from "../../ml/settings.ts";

type Options = { models?: string; json?: true };

export default function push(command: Command): void {
  command
    .option("--models <folder>", "the registry (default: KILN_MODELS, or models)")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      `
Writes the active version's scores, and the feed of the segment "${globalSegment}", into the content index canister,
and a feed of its own for every viewer who is known by a principal. Again it changes nothing; after a rollback it
brings the former order back. The identity needs the role recommender.

Example:
  ./kiln push`,
    )
    .action(async (options: Options) => {
      const { KILN_MODELS, KILN_ENGINE: engine, KILN_CONTENT } = readSettings(MlSettings);
      const registry = { folder: options.models ?? KILN_MODELS };
      const activation = await readActivation(registry);
      if (activation === undefined)
        throw new TypedError("NO_ACTIVE_VERSION", "no version serves: promote one (kiln models promote)");
      const { agent, index } = await connect(readSettings(IcSettings));
      const pushed = await pushVersion({
        registry,
        activation,
        engine,
        lake: readSettings(EventSettings).KILN_LAKE,
        client: recommenderClient({ agent, canisterId: index.canisterId }),
        content: await contentOf(KILN_CONTENT),
        fresh: await newestVideos(index, 200),
        freshShare: readSettings(FeedSettings).KILN_FRESH_SHARE,
      });
      print(pushed, options);
    });
}

function print(pushed: Pushed, { json }: Options): void {
  if (json) return void console.log(JSON.stringify(pushed));
  const format = ({ applied, stale, unknown }: Pushed["scores"]) =>
    `${applied} taken, ${stale} older than the present ones, ${unknown} of videos that the index does not have`;
  console.log(`version ${pushed.version}`);
  console.log(`scores: ${format(pushed.scores)}`);
  console.log(`feeds (${pushed.viewers} viewers and "${globalSegment}"): ${format(pushed.feeds)}`);
}
