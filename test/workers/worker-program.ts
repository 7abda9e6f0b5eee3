import { openLog } from "../../src/base/log.ts";
import { connectRedis } from "../../src/queues/connection.ts";
import { openBlobStore } from "../../src/videos/open-blob-store.ts";
import { startWorker } from "../../src/workers/worker.ts";

/** A worker in a process of its own, to be killed. */
const redis = await connectRedis(process.env.KILN_REDIS_URL!);
const worker = startWorker({
  redis,
  stages: ["ingest", "transcode", "publish"],
  blobs: await openBlobStore(redis, process.env.KILN_BLOBS!),
  log: openLog("info"),
  taskProgram: new URL("./tasks/task-program.ts", import.meta.url),
  slots: { ingest: 1, transcode: 1, publish: 1 },
  lockMs: Number(process.env.KILN_TEST_LOCK_MS ?? 30_000),
  stopMs: 0,
  minFreeBytes: Number(process.env.KILN_TEST_MIN_FREE ?? 0),
  moderation: process.env.KILN_MODERATION === "on" ? "on" : "off",
});
process.send?.("ready");
process.once("SIGTERM", async () => {
  await worker[Symbol.asyncDispose]();
  redis.disconnect();
  process.disconnect?.();
});
