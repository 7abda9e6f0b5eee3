import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { seeded } from "../../../src/base/random.ts";
import { ulid } from "../../../src/base/ulid.ts";
import { startRedis } from "../../../src/cli/services/redis-server.ts";
import { Lake } from "../../../src/events/lake/lake.ts";
import { feed } from "../../../src/feed/feed.ts";
import { rerank } from "../../../src/feed/ranking/rerank.ts";
import { lent } from "../../../src/feed/sources/model-lease.ts";
import { loadServedModel } from "../../../src/feed/sources/served-model.ts";
import { Engagement } from "../../../src/feed/state/engagement.ts";
import { runTraining } from "../../../src/ml/jobs/run-training.ts";
import { fuseRanks } from "../../../src/ml/models/ranker/fuse-ranks.ts";
import { registerTrained } from "../../../src/ml/registry/register-trained.ts";
import { TrainingTask } from "../../../src/ml/training/training-task.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { noon } from "../../events/sample-events.ts";
import { feedDependencies } from "../../feed/feed-dependencies.ts";
import { audience } from "./audience.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-orders-"));
const lake = join(folder, "lake");
after(() => rm(folder, { recursive: true }));
before(async () => {
  using opened = await Lake.open(lake);
  const random = seeded(2);
  await opened.add([...audience()].map((event) => ({ ...event, id: ulid(event.at, random.bytes(10)) })));
});

const task = (ranker: object) =>
  TrainingTask.parse({
    ...{
      source: { kind: "lake", lake },
      out: join(folder, "draft"),
      model: "markov",
      engine: "wasm",
      ranker: true,
    },
    parameters: { ranker: { batch: 128, hidden: 16, ...ranker } },
  });
const rankerFiles = async () =>
  (await readdir(join(folder, "draft"))).filter((name) => name.startsWith("ranker"));

test("fused ranks: high in both comes first, equals keep the first order", () => {
  assert.deepEqual(fuseRanks([0, 0, 0]), [0, 1, 2]);
  assert.deepEqual(fuseRanks([1, 3, 2]), [1, 0, 2]);
  assert.deepEqual(fuseRanks([]), []);
});

test("a ranker that betters the order of later impressions is part of the model, and the feed's order follows it", async (t) => {
  const asked = task({ epochs: 6, learningRate: 0.01 });
  const { ranker } = await runTraining(asked);
  assert.ok(ranker!.orders!.ranked > ranker!.orders!.unranked + 0.01, JSON.stringify(ranker!.orders));
  assert.equal(ranker!.serves, true);
  assert.deepEqual(await rankerFiles(), ["ranker.json", "ranker.safetensors"]);

  const registry = { folder: join(folder, "models") };
  const { version } = await registerTrained(registry, asked, { promote: false, now: Date.now() });
  const served = await loadServedModel(registry, version, { engine: "wasm" });
  const engagement = new Engagement(lake);
  await engagement.refresh();
  // Again nothing is counted twice.
  const once = engagement.known.at("u1", "v9", noon + 1e9);
  await engagement.refresh();
  assert.deepEqual(engagement.known.at("u1", "v9", noon + 1e9), once);
  // v9 is watched to its end nineteen times of twenty, v0 once of twenty.
  const candidates = ["v0", "v1", "v9"].map((video) => ({ video, source: "trending" as const }));
  const order = await rerank(candidates, {
    ...{ ranker: served.ranker!, known: engagement.known, user: "u2", now: noon + 1e9 },
  });
  assert.deepEqual(
    order.map(({ video }) => video),
    ["v0", "v9", "v1"],
  );

  const server = await startRedis();
  t.after(() => server.stop());
  const redis = await connectRedis(server.url);
  t.after(() => redis.disconnect());
  // The share of the sources does not matter with one of them.
  const dependencies = feedDependencies(redis, lake, { model: () => lent(served) });
  // Neither viewer has a history, so their sources propose the same.
  const proposed = await feed(dependencies, { user: "new one", limit: 4, now: noon + 1e9 });
  const known = () => engagement.known;
  const ranked = await feed(
    { ...dependencies, engagement: known },
    { user: "new two", limit: 4, now: noon + 1e9 },
  );
  const pool = served.global.slice(0, 12).map((video) => ({ video, source: "global" as const }));
  const expected = await rerank(pool, {
    ...{ ranker: served.ranker!, known: engagement.known, user: "new two", now: noon + 1e9 },
  });
  const names = (videos: readonly { video: string }[]) => videos.map(({ video }) => video);
  assert.deepEqual(names(proposed.items), served.global.slice(0, 4));
  assert.deepEqual(names(ranked.items), names(expected).slice(0, 4));
  assert.notDeepEqual(names(ranked.items), names(proposed.items));
});

test("a ranker that improves nothing is left out of the model with a notice, and a former one is removed", async () => {
  const notices: string[] = [];
  const { ranker } = await runTraining(task({ epochs: 1, learningRate: 1e-9 }), {
    onNotice: (say) => notices.push(say),
  });
  assert.equal(ranker!.serves, false);
  assert.match(notices.join(), /the ranker was left out of the model/);
  assert.deepEqual(await rankerFiles(), []);
});
