import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Actor } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/content_index";
import { Lake } from "../../../src/events/lake/lake.ts";
import { globalSegment, pushVersion } from "../../../src/feed/push/push-version.ts";
import { loadServedModel } from "../../../src/feed/sources/served-model.ts";
import { recommenderClient } from "../../../src/ic/canisters/recommender-client.ts";
import { grantRole } from "../../../src/ic/canisters/roles.ts";
import { activate, readActivation } from "../../../src/ml/registry/activation.ts";
import { sample } from "../../events/sample-events.ts";
import { quick, startTestNetwork } from "../../ic/local-network.ts";
import { markovVersion } from "../markov-version.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-push-"));
const network = await startTestNetwork();
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const noon = Date.UTC(2025, 10, 21, 12);
const principal = "2vxsx-fae";

test("push: the canister answers in the model's order; again nothing changes; a rollback brings the former one back", async () => {
  const { agent, canisters } = network;
  const me = (await agent.getPrincipal()).toText();
  await grantRole(agent, canisters.global_configuration, me, "recommender");
  const lake = join(folder, "lake");
  const watch = (user: string, video: string, minute: number) =>
    sample({ type: "watch", user, video, at: noon + minute * 60_000, watchedMs: 9, totalMs: 10 });
  const add = async (...routes: [string, string][]) => {
    using opened = await Lake.open(lake);
    await opened.add(routes.flatMap(([user, way]) => [...way].map((video, at) => watch(user, video, at))));
  };
  const enter = (id: string) =>
    network.index.upsert({
      id,
      attempt: 1,
      owner: me,
      title: id,
      storage: canisters.storage,
      player: "/p",
      hls: "/h",
      dash: "/d",
      poster: "/i",
      manifestSha256: new Uint8Array(32),
      durationMs: 1,
      width: 1,
      height: 1,
      bytes: 1,
      renditions: [],
      status: "ReadyToView",
    });
  for (const id of ["a", "b", "c", "d"]) await enter(id);

  const registry = { folder: join(folder, "models") };
  const client = recommenderClient({ agent, canisterId: canisters.content_index, retry: quick });
  let now = noon;
  const serve = async (version: string, by: "promote" | "rollback" = "promote") => {
    await activate(registry, version, { by, objections: [], now: ++now });
    const activation = (await readActivation(registry))!;
    return () =>
      pushVersion({ registry, activation, engine: "wasm", lake, client, fresh, freshShare: 0.5, now: ++now });
  };
  let fresh: string[] = [];
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId: canisters.content_index });
  const order = async (feed: { segment: string } | { top: null } | { personal: Principal }) => {
    const reply = await actor.feed({ feed, cursor: [], limit: 10, filter: [] });
    assert.ok("ok" in reply);
    return reply.ok.videos.map(({ video }) => video.id);
  };

  await add(["u1", "abc"], ["u2", "abd"], ["u3", "ab"], [principal, "ab"]);
  const first = await markovVersion(registry, lake);
  const push = await serve(first);
  const { global } = await loadServedModel(registry, first);
  assert.equal(global.length, 4);
  const counts = { applied: 4, stale: 0, unknown: 0 };
  assert.deepEqual(await push(), {
    version: first,
    scores: counts,
    feeds: { applied: 2, stale: 0, unknown: 0 },
    viewers: 1,
  });
  assert.deepEqual(await order({ segment: globalSegment }), global);
  assert.deepEqual(await order({ top: null }), global);
  assert.deepEqual(await order({ personal: Principal.fromText(principal) }), ["c", "d"]);
  await push();
  assert.deepEqual(await order({ top: null }), global);

  await add(["u4", "cda"], ["u5", "cda"], ["u6", "dca"], ["u7", "cda"], ["u8", "never"]);
  const second = await markovVersion(registry, lake);
  const later = await (await serve(second))();
  assert.ok(later.scores.unknown > 0, "the index does not know all letters of never");
  const other = (await loadServedModel(registry, second)).global.filter((video) => "abcd".includes(video));
  assert.notDeepEqual(other, global);
  assert.deepEqual(await order({ top: null }), other);

  const stale = await push();
  assert.deepEqual([stale.scores.applied, stale.scores.stale], [0, 4]);
  assert.deepEqual(await order({ top: null }), other);
  await (await serve(first, "rollback"))();
  assert.deepEqual(await order({ top: null }), global);

  // Of what the model has learned from nothing is fresh.
  fresh = ["a", "d", "never-seen"];
  await (await serve(first))();
  assert.deepEqual(await order({ segment: globalSegment }), global, "the index does not have it");
  await enter("never-seen");
  await (await serve(first))();
  const [best, ...others] = global;
  assert.deepEqual(await order({ segment: globalSegment }), [best, "never-seen", ...others]);
});
