import { randomInt } from "node:crypto";
import type { Command } from "commander";
import { requireToken } from "../../api/access/access.ts";
import { createApi } from "../../api/api.ts";
import { ApiSettings } from "../../api/settings.ts";
import { type Log, LogSettings, openLog } from "../../base/log.ts";
import { seeded } from "../../base/random.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { EventStream } from "../../events/event-stream.ts";
import { keepCompacting } from "../../events/lake/keep-compacting.ts";
import { EventSettings } from "../../events/settings.ts";
import { allVisible, indexVisibility } from "../../feed/filters/visibility.ts";
import { FeedSettings } from "../../feed/settings.ts";
import { ActiveModel } from "../../feed/sources/active-model.ts";
import { KnownVideos } from "../../feed/sources/known-videos.ts";
import { loadServedModel } from "../../feed/sources/served-model.ts";
import { Engagement } from "../../feed/state/engagement.ts";
import { Exposures } from "../../feed/state/exposures.ts";
import type { ChainReport } from "../../feed/state/sync-chain.ts";
import { Viewers } from "../../feed/state/viewers.ts";
import { type Connection, connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { contentOf } from "../../ml/datasets/content-file.ts";
import { MlSettings } from "../../ml/settings.ts";
import { connectRedis, redisFaults } from "../../queues/connection.ts";
import { Pool } from "../../queues/pool-status.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { repeat } from "../../workers/repeat.ts";
import { aborted, stopSignal, stopWithin } from "../stop-signal.ts";
import { chainEvents } from "./chain-events.ts";
import { requireFreePort } from "./require-free-port.ts";

/** How often the active version, trending and new videos are refreshed, in milliseconds. */
const everyMs = { model: 1_000, trending: 300_000, fresh: 30_000 };

/** A feed cannot wait: without Redis it is served without the viewer's history. */
const redisTimeoutMs = 1_000;

/** For requests to end once the API is told to stop; then their connections are cut. Milliseconds. */
const requestMs = 5_000;

export default function api(command: Command): void {
  command
    .addHelpText(
      "after",
      `
POST /v1/feed serves from the active model, or trending videos, and logs what it showed; GET /v1/feed is a preview without
effects; POST /v1/events receives events of viewers; GET /openapi.json describes them. Listens on KILN_API_HOST and
KILN_API_PORT: on loopback without a token, on other addresses only with KILN_API_TOKEN.

Example:
  ./kiln api & curl --json '{"user":"ann","limit":5}' http://127.0.0.1:8080/v1/feed`,
    )
    .action(run);
}

async function run(): Promise<void> {
  const signal = stopSignal();
  const { KILN_API_HOST: host, KILN_API_PORT: port, KILN_API_TOKEN: token } = readSettings(ApiSettings);
  requireToken(host, token);
  await requireFreePort({ host, port }, "KILN_API_HOST and KILN_API_PORT");
  const log = openLog(readSettings(LogSettings).KILN_LOG_LEVEL);
  stopWithin(signal, 2 * requestMs, () => log.error("stopped before every request was answered"));
  const { KILN_LAKE: lake, KILN_MAX_WAITING_EVENTS: maxWaiting } = readSettings(EventSettings);
  const { KILN_MODELS, KILN_ENGINE: engine, KILN_CONTENT: content } = readSettings(MlSettings);
  const { KILN_EXPLORATION: exploration, KILN_FRESH_SHARE: freshShare } = readSettings(FeedSettings);
  const { KILN_COMPACT_SECONDS: compactSeconds } = readSettings(EventSettings);
  const { KILN_FRESH_IMPRESSIONS: freshImpressions } = readSettings(FeedSettings);
  const connection = await connectionOf(log);
  const index = connection?.index;
  await using opened = new AsyncDisposableStack();
  const { KILN_REDIS_URL } = readSettings(QueueSettings);
  const redis = opened.adopt(
    await connectRedis(KILN_REDIS_URL, { timeoutMs: redisTimeoutMs }),
    (connection) => connection.disconnect(),
  );

  const known = new KnownVideos(lake, index);
  const registry = { folder: KILN_MODELS };
  const model = new ActiveModel(registry, {
    content,
    load: async (version) =>
      loadServedModel(registry, version, { engine, content: await contentOf(content) }),
    onLoaded(loaded) {
      known.refreshCatalogue(loaded);
      log.info({ version: loaded.version }, "this version serves now");
    },
    onFailed: (err) => log.error({ err }, "the active version cannot serve: the former one still does"),
  });
  const engagement = new Engagement(lake);
  let counted = false;
  const refreshTrending = async () => {
    await known.refreshTrending(model.current);
    if (model.current?.ranker === undefined) return;
    await engagement.refresh();
    counted = true;
  };
  await model.refresh();
  await known.refreshFresh();
  await refreshTrending();
  const every = (ms: number, what: string, refresh: () => Promise<void>) =>
    setInterval(() => refresh().catch((err) => log.warn({ err }, `${what} could not be refreshed`)), ms);
  const timers = [
    every(everyMs.model, "the active version", () => model.refresh()),
    every(everyMs.trending, "trending videos", refreshTrending),
    every(everyMs.fresh, "new videos", () => known.refreshFresh()),
  ];
  opened.defer(() => timers.forEach(clearInterval));

  const stopped = new AbortController();
  const compacting =
    compactSeconds === 0
      ? Promise.resolve()
      : keepCompacting({
          ...{ stream: new EventStream(redis), lake, everyMs: 1000 * compactSeconds, signal: stopped.signal },
          onCompacted: (added) => log.debug({ added }, "events moved into the lake"),
          onFailed: (err) => log.warn({ err }, "events could not be moved into the lake: they stay in Redis"),
        });
  opened.defer(async () => {
    stopped.abort();
    await compacting;
  });

  const { KILN_CHAIN_EVENTS_SECONDS: chainSeconds } = readSettings(EventSettings);
  const chain = { redis, lake, stream: new EventStream(redis, { maxWaiting }), signal: stopped.signal };
  const round = connection && chainEvents(connection, { ...chain, viewers: new Viewers(redis, lake) });
  if (round !== undefined && chainSeconds > 0)
    opened.use(repeat(() => readChain(round, log), 1000 * chainSeconds));
  // Before the wait for a round: it ends at the next page.
  opened.defer(() => stopped.abort());

  const app = await createApi({
    dependencies: {
      viewers: new Viewers(redis, lake),
      exposures: new Exposures(redis),
      stream: new EventStream(redis, { maxWaiting }),
      model: () => model.lease(),
      trending: () => known.trending,
      fresh: () => known.fresh,
      catalogue: () => known.catalogue,
      ...{ freshShare, freshImpressions, exploration },
      engagement: () => (counted ? engagement.known : undefined),
      visibility:
        connection === undefined
          ? allVisible
          : indexVisibility(connection.index, {
              publisher: connection.principal,
              onFailed: sparingly((err) => log.warn({ err }, "the content index does not answer")),
            }),
      random: seeded(randomInt(2 ** 31)),
      onDegraded: sparingly((err) =>
        log.warn(
          { err },
          "Redis does not answer or takes no events: feeds are served without history, or not logged",
        ),
      ),
    },
    log,
    token,
    faults: () => redisFaults(redis),
    measured: { pool: opened.use(new Pool(redis)), stream: new EventStream(redis) },
  });
  opened.defer(async () => {
    const cut = setTimeout(() => app.server.closeAllConnections(), requestMs);
    await app.close();
    clearTimeout(cut);
  });
  const url = await app.listen({ host, port });
  log.info({ url, version: model.current?.version ?? null }, "ready");
  // For a parent process that needs the port.
  process.send?.({ url });
  await aborted(signal);
  if (process.connected) process.disconnect();
}

/** What fails is read in the next round. */
async function readChain(round: () => Promise<ChainReport>, log: Log): Promise<void> {
  try {
    const { failures, missed, added } = await round();
    for (const { canister, error: err } of failures)
      log.warn({ canister, err }, "what users did in this canister could not be read: the next round does");
    if (missed > 0) log.warn({ missed }, "canisters replaced acts of users before they were read");
    if (added > 0) log.debug({ added }, "events read from the user canisters");
  } catch (err) {
    log.warn({ err }, "what users did on chain could not be read: the next round does");
  }
}

/** Without a network of canisters, as when models are tried out, nothing is hidden and nothing is new. */
async function connectionOf(log: Log): Promise<Connection | undefined> {
  try {
    return await connect(readSettings(IcSettings));
  } catch (error) {
    if (!(error instanceof TypedError) || error.code !== "NETWORK_UNKNOWN") throw error;
    log.warn("no content index is named: nothing is hidden from the feed (KILN_CONTENT_INDEX_CANISTER)");
    return undefined;
  }
}

/** At most one call in ten seconds: a failure of every request would fill the log. */
function sparingly(act: (error: unknown) => void): (error: unknown) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (performance.now() - last < 10_000) return;
    last = performance.now();
    act(error);
  };
}
