import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Client, connectClient } from "@kiln/client";
import type { Redis } from "ioredis";
import { type LocalNetwork, startLocalNetwork } from "../../src/cli/services/local-network.ts";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { startWorkerProcess } from "../../src/cli/services/service-process.ts";
import { type Connection, connect } from "../../src/ic/canisters/connection.ts";
import { madeUpIdentity } from "../../src/ic/network/identity.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { enqueueVideo } from "../../src/queues/enqueue-video.ts";
import { VideoQueues } from "../../src/queues/video-queues.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { folderBlobStore } from "../../src/videos/folder-blob-store.ts";
import { followVideos } from "../../src/videos/follow-videos.ts";
import { hashFile } from "../../src/videos/hash-file.ts";
import { isSettled, videoId } from "../../src/videos/video.ts";
import { VideoStore } from "../../src/videos/video-store.ts";
import { takedown } from "../../src/workers/moderation/takedown.ts";

let folder: string;
let network: LocalNetwork;
let server: RedisServer;
let redis: Redis;
let store: VideoStore;
let queues: VideoQueues;
let canisters: Connection;
let author: Client;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-post-"));
  network = await startLocalNetwork({ folder });
  server = await startRedis();
  redis = await connectRedis(server.url);
  store = new VideoStore(redis);
  queues = new VideoQueues(redis);
  canisters = await connect({}, join(folder, "kiln.json"));
  const { host, canisters: ids } = network.deployment;
  author = await connectClient({ host, canisters: ids }, madeUpIdentity());
});
after(async () => {
  await queues[Symbol.asyncDispose]();
  redis.disconnect();
  await server.stop();
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** A real `kiln worker`. */
function startWorker(settings: Record<string, string>) {
  const { host, identity, canisters: ids } = network.deployment;
  return startWorkerProcess({
    stderr: process.env.KILN_TEST_LOG ? "inherit" : "ignore",
    env: {
      ...process.env,
      KILN_REDIS_URL: server.url,
      KILN_BLOBS: join(folder, "blobs"),
      KILN_IC_HOST: host,
      KILN_IDENTITY: identity,
      KILN_STORAGE_CANISTER: ids.storage,
      KILN_CONTENT_INDEX_CANISTER: ids.content_index,
      KILN_USER_INDEX_CANISTER: ids.user_index,
      KILN_X264_PRESET: "ultrafast",
      KILN_LADDER: "144",
      ...settings,
    },
  });
}

/** A made-up clip, and the author's post about it. */
async function post(name: string, hue: number) {
  const file = join(folder, `${name}.mp4`);
  const source = `testsrc2=size=160x284:rate=15:duration=1,hue=h=${hue}`;
  const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
  execFileSync(programOf("ffmpeg"), ["-v", "error", "-f", "lavfi", "-i", source, ...encode, file]);
  const id = videoId((await hashFile(file)).sha256);
  const mine = await author.users.mine();
  const number = await mine.addPost({ video: id, description: name, hotOrNot: true, nsfw: false });
  const ref = { owner: author.principal, id: number };
  const link = `${author.principal}/${number}`;
  return { id, file, ref, link, status: async () => (await mine.post(ref))?.status };
}

const handIn = ({ file, link }: { file: string; link: string }) =>
  enqueueVideo({ store, queues }, file, { post: link });

async function end(id: string): Promise<string> {
  for await (const { state } of followVideos(redis, [id])) if (isSettled(state)) return state;
  return (await store.get(id)).state;
}

test("the status of an author's post follows its video: ready, and deleted when the video is withdrawn", async () => {
  await using _ = await startWorker({ KILN_MODERATION: "off" });
  const dance = await post("dance", 0);
  assert.equal(await dance.status(), "Uploaded");
  await handIn(dance);
  assert.equal(await end(dance.id), "published");
  assert.equal(await dance.status(), "ReadyToView");
  assert.equal((await canisters.index.get(dance.id))?.owner, author.principal);
  await handIn(dance);
  await assert.rejects(handIn({ ...dance, link: `${author.principal}/99` }), { code: "POST_DIFFERS" });
  const blobs = await folderBlobStore(join(folder, "blobs"));
  await takedown({ store, blobs, network: canisters }, dance.id, "Deleted", "by its owner");
  assert.equal(await dance.status(), "Deleted");
});

test("a post that its author deletes before the video is encoded: nothing becomes public", async () => {
  const gone = await post("gone", 90);
  await handIn(gone);
  await (await author.users.mine()).deletePost(gone.ref.id);
  await using _ = await startWorker({ KILN_MODERATION: "off" });
  assert.equal(await end(gone.id), "failed");
  assert.equal((await store.get(gone.id)).reason?.code, "POST_REFUSES");
  assert.equal(await canisters.index.get(gone.id), undefined);
});

test("a video that moderation bans: its post says so", async () => {
  await using _ = await startWorker({ KILN_BAN_SCORE: "0", KILN_UNSAFE_SCORE: "0" });
  const banned = await post("banned", 180);
  await handIn(banned);
  assert.equal(await end(banned.id), "banned");
  assert.equal(await banned.status(), "BannedForExplicitness");
  assert.equal(await canisters.index.get(banned.id), undefined);
});
