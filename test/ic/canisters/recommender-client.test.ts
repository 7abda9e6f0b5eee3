import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type RecommenderClient, recommenderClient } from "../../../src/ic/canisters/recommender-client.ts";
import { grantRole } from "../../../src/ic/canisters/roles.ts";
import { quick, startTestNetwork, type TestNetwork } from "../local-network.ts";

let network: TestNetwork;
let recommender: RecommenderClient;
before(async () => {
  network = await startTestNetwork();
  const agent = await network.stranger();
  const member = (await agent.getPrincipal()).toText();
  await grantRole(network.agent, network.canisters.global_configuration, member, "recommender");
  recommender = recommenderClient({ agent, canisterId: network.canisters.content_index, retry: quick });
});
after(() => network[Symbol.asyncDispose]());

const run = { modelVersion: "m", sequence: 1 };

test("more values than fit into a call are sent in several, and the results are summed up", async () => {
  const scores = Array.from({ length: 25_001 }, (_, item) => ({ id: `never-${item}`, top: item + 0.5 }));
  assert.deepEqual(await recommender.updateScores(run, scores), { applied: 0, stale: 0, unknown: 25_001 });
  assert.deepEqual(await recommender.updateScores(run, []), { applied: 0, stale: 0, unknown: 0 });
});

test("feeds of users and segments, and vectors", async () => {
  const user = (await network.agent.getPrincipal()).toText();
  const feeds = [
    { target: { user }, videos: ["never"] },
    { target: { segment: "cold" }, videos: [] },
  ];
  assert.deepEqual(await recommender.pushFeeds(run, feeds), { applied: 2, stale: 0, unknown: 1 });
  assert.deepEqual(await recommender.pushFeeds({ ...run, sequence: 0 }, feeds), {
    applied: 0,
    stale: 2,
    unknown: 1,
  });
  const vectors = [{ id: "never", vector: Int8Array.of(-1, 2) }];
  assert.deepEqual(await recommender.putVectors(run, vectors), { applied: 0, stale: 0, unknown: 1 });
});

test("the error for a push that the index refuses says why", async () => {
  const long = { id: "v", vector: new Int8Array(513) };
  await assert.rejects(recommender.putVectors(run, [long]), {
    code: "PUSH_INVALID",
    message: /512 dimensions/,
  });
  const stranger = recommenderClient({
    agent: await network.stranger(),
    canisterId: network.canisters.content_index,
    retry: quick,
  });
  await assert.rejects(stranger.updateScores(run, [{ id: "v", top: 1 }]), {
    code: "UNAUTHORIZED",
    message: /role recommender/,
  });
});
