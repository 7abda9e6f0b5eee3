import { randomInt } from "node:crypto";
import type { Command } from "commander";
import { requireToken } from "../../api/access.ts";
import { createApi } from "../../api/api.ts";
import { ApiSettings } from "../../api/settings.ts";
import { type Log, LogSettings, openLog } from "../../base/log.ts";
import { seeded } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { EventStream } from "../../events/event-stream.ts";
import { EventSettings } from "../../events/settings.ts";
import { allVisible, indexVisibility } from "../../feed/filters/visibility.ts";
import { FeedSettings } from "../../feed/settings.ts";
import { ActiveModel } from "../../feed/sources/active-model.ts";
import { newestVideos } from "../../feed/sources/newest-videos.ts";
import { loadServedModel } from "../../feed/sources/served-model.ts";
import { trendingVideos } from "../../feed/sources/trending.ts";
import { Engagement } from "../../feed/state/engagement.ts";
import { Viewers } from "../../feed/state/viewers.ts";
import { connect } from "../../ic/canisters/connection.ts";
import type { IndexClient } from "../../ic/canisters/index-client.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { contentOf } from "../../ml/datasets/content-file.ts";
import { MlSettings } from "../../ml/settings.ts";
import { connectRedis } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { requireFreePort } from "./require-free-port.ts";

/** How soon a promoted version serves, and how often what is trending and what is fresh is looked up again: milliseconds. */
const everyMs = { model: 1_000, trending: 300_000, fresh: 30_000 };

export default function api(command: Command): void {
  command
    .addHelpText(
      "after",
      `
GET /v1/feed?user=&limit= answers with the active model, or with what is trending; POST /v1/events takes what
viewers did; GET /openapi.json describes both. It listens on KILN_API_HOST and KILN_API_PORT: on loopback without
a token, elsewhere only with KILN_API_TOKEN.

Example:
  ./kiln api & curl 'http://127.0.0.1:8080/v1/feed?user=ann&limit=5'`,
    )
    .action(run);
}

async function run(): Promise<void> {
  const signal = stopSignal();
  const { KILN_API_HOST: host, KILN_API_PORT: port, KILN_API_TOKEN: token } = readSettings(ApiSettings);
  requireToken(host, token);
  await requireFreePort({ host, port }, "KILN_API_HOST and KILN_API_PORT");
  const log = openLog(readSettings(LogSettings).KILN_LOG_LEVEL);
  const { KILN_LAKE: lake } = readSettings(EventSettings);
  const { KILN_MODELS, KILN_ENGINE: engine, KILN_CONTENT: content } = readSettings(MlSettings);
  const { KILN_EXPLORATION: exploration, KILN_FRESH_SHARE: freshShare } = readSettings(FeedSettings);
  const index = await indexOf(log);
  await using opened = new AsyncDisposableStack();
  const redis = opened.adopt(await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL), (connection) =>
    connection.disconnect(),
  );

  const registry = { folder: KILN_MODELS };
  const model = new ActiveModel(registry, {
    content,
    load: async (version) =>
      loadServedModel(registry, version, { engine, content: await contentOf(content) }),
    onLoaded: ({ version }) => log.info({ version }, "this version serves now"),
    onFailed: (err) => log.error({ err }, "the active version cannot serve: the one before it goes on"),
  });
  let trending: string[] = [];
  let fresh: string[] = [];
  const engagement = new Engagement(lake);
  let counted = false;
  const count = async () => {
    trending = await trendingVideos(lake);
    if (model.current?.ranker === undefined) return;
    await engagement.refresh();
    counted = true;
  };
  const look = async () => {
    fresh = index === undefined ? [] : await newestVideos(index);
  };
  await model.refresh();
  await Promise.all([count(), look()]);
  const timers = [
    setInterval(() => model.refresh(), everyMs.model),
    setInterval(() => count().catch((err) => log.warn({ err }, "what is trending is old")), everyMs.trending),
    setInterval(() => look().catch((err) => log.warn({ err }, "what is fresh is old")), everyMs.fresh),
  ];
  opened.defer(() => timers.forEach(clearInterval));

  const app = await createApi({
    dependencies: {
      viewers: new Viewers(redis, lake),
      stream: new EventStream(redis),
      model: () => model.current,
      trending: () => trending,
      fresh: () => fresh,
      freshShare,
      engagement: () => (counted ? engagement.known : undefined),
      visibility: index === undefined ? allVisible : indexVisibility(index),
      exploration,
      random: seeded(randomInt(2 ** 31)),
    },
    log,
    token,
  });
  opened.defer(() => app.close());
  const url = await app.listen({ host, port });
  log.info({ url, version: model.current?.version ?? null }, "ready");
  // For whoever started it and wants to know the port.
  process.send?.({ url });
  await aborted(signal);
  if (process.connected) process.disconnect();
}

/** Without a network of canisters, as in a trial of models, nothing is hidden and nothing is fresh. */
async function indexOf(log: Log): Promise<IndexClient | undefined> {
  try {
    return (await connect(readSettings(IcSettings))).index;
  } catch (error) {
    if (!(error instanceof TypedError) || error.code !== "NETWORK_UNKNOWN") throw error;
    log.warn("no content index is named: nothing is hidden from the feed (KILN_CONTENT_INDEX_CANISTER)");
    return undefined;
  }
}
