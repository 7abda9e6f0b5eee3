import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import type { Redis } from "ioredis";
import { AnalysisSettings, moderationOf } from "../../../src/analysis/settings.ts";
import { type RedisServer, startRedis } from "../../../src/cli/services/redis-server.ts";
import { readSettings } from "../../../src/config.ts";
import { grantRole } from "../../../src/ic/canisters/roles.ts";
import { publishVideo } from "../../../src/ic/publish/publish.ts";
import { connectRedis } from "../../../src/queues/connection.ts";
import { VideoQueues } from "../../../src/queues/video-queues.ts";
import { programOf } from "../../../src/transcode/base/programs.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import type { BlobStore } from "../../../src/videos/blob-store.ts";
import { createBlobFolder } from "../../../src/videos/folder-blob-store.ts";
import { begun, type VideoEvent } from "../../../src/videos/transition.ts";
import type { Decision } from "../../../src/videos/video.ts";
import { VideoStore } from "../../../src/videos/video-store.ts";
import { banVideo, clearVideo, judgePending } from "../../../src/workers/moderation/moderate.ts";
import { stageWork } from "../../../src/workers/stages/stage-work.ts";
import { startTestNetwork, type TestNetwork } from "../../ic/local-network.ts";
import { writeSample } from "../../ic/publish/sample-publication.ts";

let folder: string;
let server: RedisServer;
let redis: Redis;
let network: TestNetwork;
let store: VideoStore;
let queues: VideoQueues;
let blobs: BlobStore;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-moderate-"));
  server = await startRedis();
  redis = await connectRedis(server.url);
  network = await startTestNetwork();
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  blobs = await createBlobFolder(join(folder, "blobs"));
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true });
});

const tools = () => ({ store, blobs, queues, network: { index: network.index, buckets: [network.storage] } });
const decision = (verdict: Decision["verdict"], reason: string): Decision => ({
  verdict,
  by: "ann",
  reason,
  at: 7,
});
const banning = { type: "banned", reason: { code: "EXPLICIT", message: "seen" } } as const;

/** A video whose record has gone this far, with an original and a finished product. */
async function enter(digit: string, ...events: VideoEvent[]): Promise<string> {
  const { id } = await store.create({
    ...{ title: digit, source: `/${digit}.mp4`, sha256: digit.repeat(64), bytes: 9 },
  });
  for (const event of [
    begun("ingest", 1),
    { type: "accepted", attempt: 1 } as const,
    begun("transcode", 1),
    ...events,
  ])
    assert.equal((await store.apply(id, event)).outcome, "moved", event.type);
  await mkdir(dirname(blobs.originalPath(id)), { recursive: true });
  await writeFile(blobs.originalPath(id), "original");
  await mkdir(blobs.productPath(id, 2), { recursive: true });
  await writeFile(join(blobs.productPath(id, 2), "manifest.json"), "{}");
  return id;
}
const encoded: VideoEvent[] = [{ type: "encoded", attempt: 2, product: 2 }];
const published: VideoEvent[] = [
  ...encoded,
  { type: "cleared", attempt: 2 },
  begun("publish", 1),
  { type: "published", attempt: 3, url: "http://v.example/" },
];

async function publish(id: string, attempt: number) {
  const its = join(folder, `product-${id}-${attempt}`);
  const publication = { ...(await writeSample(its)), id, attempt };
  return (await publishVideo({ ...network, publication, folder: its })).entry;
}

async function look(path: string): Promise<number> {
  const response = await fetch(gatewayUrl(network.url, network.storage.canisterId, path));
  await response.arrayBuffer();
  return response.status;
}

test("a ban, and its lifting: record, index and files follow, every decision is kept, a publisher alone lifts nothing", async () => {
  const id = await enter("a", ...published);
  const { hls } = await publish(id, 3);
  for (let repeated = 0; repeated < 2; repeated++) {
    await banVideo(tools(), id, "BannedDueToUserReporting", decision("ban", "a claim"));
    assert.equal((await network.index.get(id))?.status, "BannedDueToUserReporting");
    assert.equal(await look(hls), 410);
  }
  const banned = await store.get(id);
  assert.deepEqual(
    [banned.state, banned.reason, banned.decisions],
    ["banned", { code: "BANNED_DUE_TO_REPORTS", message: "a claim" }, [decision("ban", "a claim")]],
  );
  assert.ok(existsSync(blobs.originalPath(id)), "it can be made public again");

  const clear = decision("clear", "the claim was withdrawn");
  await assert.rejects(clearVideo(tools(), id, clear), { code: "UNAUTHORIZED" });
  assert.equal((await store.get(id)).state, "banned");
  const me = (await network.agent.getPrincipal()).toText();
  await grantRole(network.agent, network.canisters.global_configuration, me, "moderator");
  // The index remembers for half a minute who may do what.
  await network.control.advanceTime(31_000);
  for (let repeated = 0; repeated < 2; repeated++) {
    const lifted = await clearVideo(tools(), id, clear);
    const { state, run, reason, decisions } = lifted;
    assert.deepEqual(
      { state, run, reason, decisions },
      { state: "cleared", run: 2, reason: undefined, decisions: [decision("ban", "a claim"), clear] },
    );
    assert.equal(await queues.state(lifted), "going");
    const { status, moderation } = (await network.index.get(id))!;
    assert.deepEqual([status, moderation], ["CheckingExplicitness", "safe"]);
  }
  const begin = await store.apply(id, begun("publish", 2));
  assert.ok(begin.outcome === "moved");
  const again = await publish(id, begin.record.attempt);
  assert.deepEqual([again.status, again.moderation, await look(hls)], ["ReadyToView", "safe", 200]);
});

test("a ban of what the index does not know yet is lifted at once", async () => {
  const publishing = await enter("9", ...published.slice(0, -1));
  await banVideo(tools(), publishing, "BannedForExplicitness", decision("ban", "nudity"));
  assert.equal(await network.index.get(publishing), undefined);
  assert.equal((await clearVideo(tools(), publishing, decision("clear", "a painting"))).state, "cleared");
  const begin = await store.apply(publishing, begun("publish", 2));
  assert.ok(begin.outcome === "moved");
  const { status } = await publish(publishing, begin.record.attempt);
  assert.equal(status, "ReadyToView", "no second decision is needed");
});

test("what the network banned a moderator clears: it is published as safe; without products it is made again", async () => {
  const id = await enter("b", ...encoded, banning);
  const record = await clearVideo(tools(), id, decision("clear", "a painting"));
  assert.equal(record.state, "cleared");
  const asked: object[] = [];
  await stageWork.publish(
    { ...record, attempt: 9 },
    {
      ...{ blobs, minFreeBytes: 0, moderation: "on" },
      reportPostStatus: async () => {},
      warn: assert.fail,
      run: async (task) => {
        asked.push(task);
        return { url: "http://v.example/" } as never;
      },
    },
  );
  assert.deepEqual(asked, [
    {
      ...{ stage: "publish", video: id, attempt: 9, title: "b", owner: undefined, moderation: "safe" },
      folder: blobs.productPath(id, 2),
    },
  ]);

  const other = await enter("c", ...encoded, banning);
  await rm(blobs.productPath(other, 2), { recursive: true });
  assert.equal((await clearVideo(tools(), other, decision("clear", "a painting"))).state, "accepted");
});

test("what cannot be decided: too early, or nothing left", async () => {
  const early = await enter("d");
  const ban = (id: string) => banVideo(tools(), id, "BannedForExplicitness", decision("ban", "nudity"));
  await assert.rejects(ban(early), { code: "TOO_EARLY", message: /is encoding/ });
  await store.apply(early, { type: "deleted" });
  await assert.rejects(ban(early), { code: "MODERATION_REFUSED", message: /is deleted/ });
  await assert.rejects(ban("e".repeat(32)), { code: "VIDEO_UNKNOWN" });
});

test("videos that were cleared while moderation was off are judged later: marked, or banned; then none is left", async () => {
  const settings = readSettings(TranscodeSettings, { KILN_X264_PRESET: "ultrafast" });
  const judge = async (scores: Record<string, string>) => {
    const moderation = moderationOf(readSettings(AnalysisSettings, scores))!;
    const judged = [];
    const options = { moderation, policy: policyOf(settings), limits: limitsOf(settings) };
    for await (const { id, verdict } of judgePending(tools(), options)) judged.push([id, verdict]);
    return judged;
  };
  const clip = async (digit: string) => {
    const id = await enter(digit, ...published);
    await rm(blobs.originalPath(id));
    const encode = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1", "-pix_fmt", "yuv420p"];
    execFileSync(programOf("ffmpeg"), ["-v", "error", ...encode, "-f", "mp4", blobs.originalPath(id)]);
    return { id, entry: await publish(id, 3) };
  };
  const harmless = await clip("f");
  assert.equal(harmless.entry.moderation, "unchecked");
  assert.deepEqual(await judge({}), [[harmless.id, "clear"]]);
  assert.equal((await network.index.get(harmless.id))?.moderation, "safe");
  assert.equal((await store.get(harmless.id)).moderation?.verdict, "clear");
  assert.deepEqual(await judge({}), []);

  const explicit = await clip("1");
  assert.deepEqual(await judge({ KILN_BAN_SCORE: "0", KILN_UNSAFE_SCORE: "0" }), [[explicit.id, "banned"]]);
  assert.equal((await network.index.get(explicit.id))?.status, "BannedForExplicitness");
  assert.equal((await store.get(explicit.id)).reason?.code, "EXPLICIT");
  assert.equal(await look(explicit.entry.hls), 410);

  const gone = await enter("2", ...published);
  await rm(blobs.originalPath(gone));
  assert.deepEqual(await judge({}), [[gone, "unknown"]]);
});

test("kiln moderate shows what was decided, and says what it needs", async () => {
  const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
  const moderate = (...args: string[]) =>
    new Promise<{ stdout: string; stderr: string }>((resolve) => {
      const env = { PATH: process.env.PATH, KILN_HOME: folder, KILN_REDIS_URL: server.url };
      execFile(process.execPath, [main, "moderate", ...args], { cwd: folder, env }, (_, stdout, stderr) =>
        resolve({ stdout, stderr }),
      );
    });
  const shown = await moderate("a".repeat(32));
  assert.match(
    shown.stdout,
    /not judged +1970-01-01T00:00:00.007Z ban by ann: a claim\n.*clear by ann: the claim/,
  );
  const all = await moderate("--json");
  const { videos } = JSON.parse(all.stdout) as { videos: { id: string; decisions: unknown[] }[] };
  assert.ok(videos.some(({ id }) => id === "a".repeat(32)));
  assert.ok(videos.every(({ decisions }) => decisions.length > 0));
  assert.match((await moderate()).stdout, /ban by ann: a claim/);
  assert.match((await moderate("--ban", "explicit")).stderr, /^VIDEO_NOT_NAMED: /);
  assert.match((await moderate("a", "--ban", "explicit", "--clear")).stderr, /cannot be used with/);
});
