import { join } from "node:path";
import { feedClient } from "@kiln/client/feed-client";
import type { Redis } from "ioredis";
import { createApi } from "../../api/api.ts";
import { openLog } from "../../base/log.ts";
import { seeded } from "../../base/random.ts";
import type { EngagementEvent } from "../../events/event.ts";
import { EventStream } from "../../events/event-stream.ts";
import { Lake } from "../../events/lake/lake.ts";
import { Audience } from "../../events/simulator/audience.ts";
import { simulate } from "../../events/simulator/simulate.ts";
import { indexVisibility } from "../../feed/filters/visibility.ts";
import { globalSegment, pushVersion } from "../../feed/push/push-version.ts";
import { ActiveModel } from "../../feed/sources/active-model.ts";
import { loadServedModel } from "../../feed/sources/served-model.ts";
import { Catalogue } from "../../feed/state/catalogue.ts";
import { Exposures } from "../../feed/state/exposures.ts";
import { Viewers } from "../../feed/state/viewers.ts";
import type { Connection } from "../../ic/canisters/connection.ts";
import { recommenderClient } from "../../ic/canisters/recommender-client.ts";
import { grantRole } from "../../ic/canisters/roles.ts";
import { runTraining } from "../../ml/jobs/run-training.ts";
import { activate, readActivation } from "../../ml/registry/activation.ts";
import { gate } from "../../ml/registry/gate.ts";
import { registerDraft } from "../../ml/registry/register-draft.ts";
import { ModelParameters } from "../../ml/training/parameters/model-parameters.ts";
import { TrainingTask } from "../../ml/training/training-task.ts";

/** What the round trip results in. */
export type DemoFeed = {
  version: string;
  /** The gate's objections to a model of so few videos, which is promoted all the same. */
  objections: string[];
  /** `POST /v1/feed` for a viewer without history. */
  feed: string[];
  /** The feed of the segment `global` in the content index canister. */
  index: string[];
};

/** A handful of videos: more would only take longer. */
const parameters = ModelParameters.parse({
  transformer: { dimension: 8, blocks: 1, context: 16 },
  training: { epochs: 2, tokens: 512, warmup: 5, averageDecay: 0.9, evaluateEvery: 1, validationUsers: 100 },
});

/**
 * Closes the circle: a simulated audience watches the videos that were published, a small model learns from it and is
 * promoted, the HTTP interface answers with it, and the same order is pushed to the content index canister.
 * @param videos ids of two at least that are in the index
 * @param rootKey of the network, DER
 */
export async function demoFeed({
  folder,
  videos,
  redis,
  canister: { agent, index, principal },
  configuration,
  rootKey,
  signal,
}: {
  folder: string;
  videos: readonly string[];
  redis: Redis;
  canister: Connection;
  /** Id of global_configuration. */
  configuration: string;
  rootKey: Uint8Array;
  signal: AbortSignal;
}): Promise<DemoFeed> {
  const lake = join(folder, "lake");
  const registry = { folder: join(folder, "models") };
  await watch(lake, videos);
  const out = join(folder, "draft");
  const source = { kind: "lake", lake } as const;
  await runTraining(TrainingTask.parse({ source, out, parameters, engine: "wasm" }), { signal });
  const now = Date.now();
  const manifest = await registerDraft(registry, out, { source: "a simulated audience", parent: null, now });
  const objections = gate(manifest)
    .reasons.filter(({ passed }) => !passed)
    .map(({ message }) => message);
  await activate(registry, manifest.version, { by: "promote", objections, now });

  await grantRole(agent, configuration, principal, "recommender");
  const activation = (await readActivation(registry))!;
  const client = recommenderClient({ agent, canisterId: index.canisterId });
  await pushVersion({ registry, activation, engine: "wasm", lake, client });
  const certified = feedClient({ agent, canisterId: index.canisterId, rootKey });
  const indexed: string[] = [];
  for await (const { id } of certified.videos({ segment: globalSegment })) indexed.push(id);

  const load = (version: string) => loadServedModel(registry, version, { engine: "wasm" });
  const model = new ActiveModel(registry, { load, onLoaded: () => {}, onFailed: rethrow });
  await model.refresh();
  const api = await createApi({
    dependencies: {
      viewers: new Viewers(redis, lake),
      stream: new EventStream(redis),
      exposures: new Exposures(redis),
      model: () => model.lease(),
      // The model's order alone, which is compared with that of the index.
      ...{ trending: () => [], fresh: () => [], catalogue: () => new Catalogue([]) },
      ...{ freshShare: 0, freshImpressions: 1 },
      visibility: indexVisibility(index),
      exploration: 0,
      random: seeded(now),
    },
    log: openLog("error"),
  });
  try {
    const url = await api.listen({ host: "127.0.0.1", port: 0 });
    const answer = await fetch(`${url}/v1/feed`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: "a-new-viewer", limit: Math.min(50, videos.length) }),
      signal,
    });
    const { items } = (await answer.json()) as { items: { video: string }[] };
    return { version: manifest.version, objections, feed: items.map(({ video }) => video), index: indexed };
  } finally {
    await api.close();
  }
}

async function watch(folder: string, videos: readonly string[]): Promise<void> {
  using lake = await Lake.open(folder);
  const audience = Audience.parse({
    viewers: 200,
    videos: videos.length,
    topics: 2,
    days: 7,
    presentAtStart: 1,
  });
  await lake.add(renamed(simulate(audience), videos));
}

/** The simulated videos under the ids of the published ones. */
function* renamed(events: Iterable<EngagementEvent>, videos: readonly string[]): Generator<EngagementEvent> {
  for (const event of events)
    yield { ...event, video: videos[Number(event.video.replace("video-", "")) - 1]! };
}

function rethrow(error: unknown): never {
  throw error;
}
