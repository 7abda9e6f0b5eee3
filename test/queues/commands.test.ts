import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type RedisServer, startRedis } from "../../src/cli/services/redis-server.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { hashFile } from "../../src/videos/hash-file.ts";
import { begun } from "../../src/videos/transition.ts";
import { videoId } from "../../src/videos/video.ts";
import { VideoStore } from "../../src/videos/video-store.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const nowhere = "redis://127.0.0.1:1";

let folder: string;
let server: RedisServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-commands-"));
  server = await startRedis();
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** Runs a command with an empty home, where no local network is described. */
function kiln(redisUrl: string, ...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH, KILN_HOME: folder, KILN_REDIS_URL: redisUrl };
    const child = execFile(process.execPath, [main, ...args], { cwd: folder, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

test("kiln enqueue --json: a row a file, refusals are rows, and the exit code tells of them", async () => {
  const clip = join(folder, "clip.mp4");
  await writeFile(clip, "bytes");
  const id = videoId((await hashFile(clip)).sha256);
  const entered = await kiln(server.url, "enqueue", clip, "--json");
  assert.deepEqual(JSON.parse(entered.stdout), { videos: [{ file: clip, id, state: "received" }] });
  assert.deepEqual([entered.code, entered.stderr], [0, ""]);

  const { code, stdout } = await kiln(server.url, "enqueue", clip, "nothing.mp4", "--json");
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(stdout), {
    videos: [
      { file: clip, id, state: "received" },
      {
        file: "nothing.mp4",
        state: "refused",
        reason: { code: "FILE_NOT_FOUND", message: `there is no file ${join(folder, "nothing.mp4")}` },
      },
    ],
  });
});

test("kiln enqueue --wait names the file, and a video that is rejected is a result", async () => {
  const clip = join(folder, "letter.mp4");
  await writeFile(clip, "Dear Sir or Madam");
  const { videos } = JSON.parse((await kiln(server.url, "enqueue", clip, "--json")).stdout);
  const redis = await connectRedis(server.url);
  const store = new VideoStore(redis);
  const reason = { code: "NOT_A_VIDEO", message: "the file is not a video" };
  await store.apply(videos[0].id, begun("ingest", 1));
  await store.apply(videos[0].id, { type: "rejected", attempt: 1, reason });
  redis.disconnect();

  const { code, stdout, stderr } = await kiln(server.url, "enqueue", clip, "--wait");
  assert.deepEqual([code, stderr], [0, `${clip}: rejected\n`]);
  assert.match(stdout, /letter\.mp4 .* rejected {2}NOT_A_VIDEO: the file is not a video\n$/);
});

test("kiln enqueue without Redis says what to do", async () => {
  const { code, stderr } = await kiln(nowhere, "enqueue", "clip.mp4");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^REDIS_UNREACHABLE: no Redis answers at redis:\/\/127\.0\.0\.1:1 .* KILN_REDIS_URL\n$/,
  );
});

test("kiln worker names everything that it lacks, and takes no job", async () => {
  const { code, stderr } = await kiln(nowhere, "worker");
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^WORKER_NOT_READY: .*\n {2}REDIS_UNREACHABLE: .*\n {2}NETWORK_UNKNOWN: .*KILN_IC_HOST/,
  );
});

test("a wrong setting names the variable, the value and what is allowed", async () => {
  const { code, stderr } = await kiln("127.0.0.1:6379", "enqueue", "clip.mp4");
  assert.equal(code, 1);
  assert.match(stderr, /^SETTING_INVALID: KILN_REDIS_URL="127\.0\.0\.1:6379" .*redis:\/\/127\.0\.0\.1:6379/);
});
