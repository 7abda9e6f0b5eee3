import type { Command } from "commander";
import type { Redis } from "ioredis";
import { AnalysisSettings, moderationOf } from "../../analysis/settings.ts";
import { type Log, LogSettings, openLog } from "../../base/log.ts";
import { TypedError } from "../../base/typed-error.ts";
import { kilnVersion } from "../../base/version.ts";
import { readSettings } from "../../config.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { MlSettings } from "../../ml/settings.ts";
import { connectRedis, redisWarnings } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { TranscodeSettings } from "../../transcode/base/settings.ts";
import { trialEncode } from "../../transcode/gpu/trial-encode.ts";
import { openBlobStore } from "../../videos/open-blob-store.ts";
import { VideoSettings } from "../../videos/settings.ts";
import { Stage } from "../../videos/video.ts";
import { announceWorkers, type PoolWorker } from "../../workers/pool-worker.ts";
import { reportPostStatus } from "../../workers/report-post-status.ts";
import { WorkerSettings, type WorkerStage } from "../../workers/settings.ts";
import { startTrainingWorker } from "../../workers/training/training-worker.ts";
import { startWorker } from "../../workers/worker.ts";
import { aborted, stopSignal, stopWithin } from "../stop-signal.ts";

/** For children to end, and for Redis to take what is handed back, after KILN_STOP_SECONDS. Milliseconds. */
const graceMs = 10_000;

type Options = { useBlobs?: true };

export default function worker(command: Command): void {
  command
    .option("--use-blobs", "have the whole pool use the folder KILN_BLOBS from now on, also if it is empty")
    .addHelpText(
      "after",
      `
Settings: KILN_REDIS_URL, KILN_STAGES, KILN_BLOBS, KILN_CPU_SLOTS, KILN_PUBLISH_SLOTS, KILN_TRAIN_SLOTS,
KILN_LOG_LEVEL; the network as for kiln publish, the encoding as for kiln transcode. Ctrl-C or SIGTERM stops it: jobs that take longer
than KILN_STOP_SECONDS go back to the queue; a second Ctrl-C stops it at once.

Example:
  KILN_REDIS_URL=redis://10.0.0.5:6379 KILN_BLOBS=/mnt/kiln kiln worker`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const signal = stopSignal();
  const log = openLog(readSettings(LogSettings).KILN_LOG_LEVEL);
  const settings = readSettings(WorkerSettings);
  const stages = settings.KILN_STAGES;
  const { KILN_TENSORFLOW: tensorflow } = readSettings(MlSettings);
  const redis = await ready(readSettings(QueueSettings).KILN_REDIS_URL, stages);
  try {
    for (const warning of await redisWarnings(redis)) log.warn(warning);
    const workers: PoolWorker[] = [];
    await using opened = new AsyncDisposableStack();
    const announced = { redis, workers, version: kilnVersion, log };
    // All at once: each has the same time to finish.
    opened.defer(async () => {
      await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
    });
    const lockMs = settings.KILN_LOCK_SECONDS * 1000;
    const stopMs = settings.KILN_STOP_SECONDS * 1000;
    stopWithin(signal, stopMs + graceMs, () =>
      log.error(
        "stopped without handing jobs back (does Redis answer?): others take them when their locks end",
      ),
    );
    if (stages.includes("train"))
      workers.push(
        startTrainingWorker({ redis, log, tensorflow, slots: settings.KILN_TRAIN_SLOTS, lockMs, stopMs }),
      );
    const ofVideos = Stage.options.filter((stage) => stages.includes(stage));
    if (ofVideos.length > 0) workers.push(await videoWorker(redis, ofVideos, log, options));
    opened.use(announceWorkers(announced));
    log.info({ stages }, "ready");
    // For startWorkerProcess, which may have closed the channel by the time the worker stops.
    process.send?.("ready");
    await aborted(signal);
    log.info("stopping");
  } finally {
    redis.disconnect();
    if (process.connected) process.disconnect();
  }
}

async function videoWorker(
  redis: Redis,
  stages: readonly Stage[],
  log: Log,
  options: Options,
): Promise<PoolWorker> {
  const {
    KILN_BLOBS,
    KILN_KEEP_ORIGINALS: originals,
    KILN_KEEP_PRODUCTS: products,
  } = readSettings(VideoSettings);
  const settings = readSettings(WorkerSettings);
  readSettings(TranscodeSettings);
  const moderation = moderationOf(readSettings(AnalysisSettings)) === null ? "off" : "on";
  if (moderation === "off") log.warn("moderation is off: everything that can be encoded is published");
  return startWorker({
    redis,
    stages,
    blobs: await openBlobStore(redis, KILN_BLOBS, { create: options.useBlobs ? "anew" : "once" }),
    log,
    taskProgram: new URL("../../workers/task-program.ts", import.meta.url),
    slots: {
      // Copying and probing are quick; a second slot keeps one slow disk from holding up the rest.
      ingest: 2,
      transcode: settings.KILN_CPU_SLOTS,
      publish: settings.KILN_PUBLISH_SLOTS,
    },
    lockMs: settings.KILN_LOCK_SECONDS * 1000,
    stopMs: settings.KILN_STOP_SECONDS * 1000,
    minFreeBytes: settings.KILN_MIN_FREE_BYTES,
    moderation,
    retention: { originals, products },
    networkAnswers: canistersAnswer,
    // A worker that never meets a video with a post needs no network for it.
    reportPostStatus: async (record, status) => {
      if (record.post === undefined) return;
      await reportPostStatus((await connect(readSettings(IcSettings))).posts)(record, status);
    },
  });
}

/**
 * Checks that everything the stages need works, before the first job is taken.
 * @throws TypedError what is missing; WORKER_NOT_READY when that is several things
 */
async function ready(redisUrl: string, stages: readonly WorkerStage[]): Promise<Redis> {
  const [redis, ...others] = await Promise.allSettled([
    connectRedis(redisUrl),
    ...(stages.includes("transcode") ? [encoderWorks()] : []),
    ...(stages.includes("publish") ? [canistersAnswer()] : []),
  ]);
  const missing = [redis, ...others]
    .filter((result) => result.status === "rejected")
    .map(({ reason }) => reason);
  if (redis.status === "fulfilled" && missing.length === 0) return redis.value;
  if (redis.status === "fulfilled") redis.value.disconnect();
  const [first] = missing;
  if (missing.length === 1 || missing.some((reason) => !(reason instanceof TypedError))) throw first;
  const sentences = missing.map(({ code, message }: TypedError) => `${code}: ${message}`);
  throw new TypedError("WORKER_NOT_READY", `several things are missing:\n  ${sentences.join("\n  ")}`);
}

async function encoderWorks(): Promise<void> {
  const trial = await trialEncode("libx264");
  if (!trial.works) throw new TypedError("ENCODER_MISSING", `ffmpeg cannot encode H.264: ${trial.reason}`);
}

async function canistersAnswer(): Promise<void> {
  const { index, storage } = await connect(readSettings(IcSettings));
  await Promise.all([index.get("-"), storage.uploadStatus("-")]);
}
