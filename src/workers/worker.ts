import { Worker as QueueWorker } from "bullmq";
import type { Redis } from "ioredis";
import type { Log } from "../base/log.ts";
import { queuePrefix } from "../queues/video-job.ts";
import { VideoQueues } from "../queues/video-queues.ts";
import type { BlobStore } from "../videos/blob-store.ts";
import type { Stage } from "../videos/video.ts";
import { VideoStore } from "../videos/video-store.ts";
import { blobSweeper, type Retention } from "./blob-sweeper.ts";
import { Stopped } from "./failure-action.ts";
import { handBack } from "./hand-back.ts";
import { hostPause } from "./host-pause.ts";
import { reconcileJobs, recordUnseenFailures } from "./job-reconciler.ts";
import { Leases } from "./leases.ts";
import type { PoolWorker } from "./pool-worker.ts";
import { type ReportPostStatus, reportPostStatus } from "./report-post-status.ts";
import { stageProcessor } from "./stages/stage-processor.ts";

export type WorkerOptions = {
  redis: Redis;
  blobs: BlobStore;
  log: Log;
  /** The stages whose jobs it takes. */
  stages: readonly Stage[];
  /** A module that calls serveTask. */
  taskProgram: URL;
  /** Jobs of a stage at a time. */
  slots: Readonly<Record<Stage, number>>;
  /** Milliseconds without a sign of life after which a worker's jobs go to others. */
  lockMs: number;
  /** Milliseconds that running jobs get to finish when the worker is stopped. */
  stopMs: number;
  /** Bytes that stay free in the blob store. */
  minFreeBytes: number;
  /** Absent: nothing is swept. */
  retention?: Retention;
  /** `on`: only videos with a verdict are cleared. */
  moderation: "on" | "off";
  /** Throws while the network of canisters cannot be reached; by default it can. */
  networkAnswers?: () => Promise<void>;
  /** By default videos that belong to a post are refused. */
  reportPostStatus?: ReportPostStatus;
};

/**
 * How often a job's worker may die: after that the job is presumed to be the cause and fails. BullMQ's default of 1 would
 * fail a video that was being processed during two deployments.
 */
export const maxStalledCount = 3;

/**
 * Starts taking jobs of some stages. This process only holds leases: child processes do the work.
 * @returns disposing of it stops taking jobs, lets running ones finish or hands them back within `stopMs` and a few
 *   seconds, and leaves no process behind
 */
export function startWorker(options: WorkerOptions): PoolWorker {
  const {
    redis,
    blobs,
    log,
    lockMs,
    stopMs,
    minFreeBytes,
    retention,
    slots,
    stages,
    networkAnswers = async () => {},
    reportPostStatus: report = reportPostStatus(undefined),
  } = options;
  const store = new VideoStore(redis);
  const leases = new Leases();
  const pause = hostPause({
    redis,
    probes: {
      async disk() {
        const free = await blobs.free();
        if (free < minFreeBytes) throw new Error(`${free} bytes are free, ${minFreeBytes} have to be`);
      },
      blobs: () => blobs.check(),
      network: networkAnswers,
    },
    log,
  });

  const workers = stages.map((stage) => {
    const process = stageProcessor(stage, {
      ...options,
      store,
      reportPostStatus: report,
      pause,
    });
    const worker = new QueueWorker(
      stage,
      async (job, token) => {
        // An idle worker that is paused still takes the next job that comes.
        if (pause.isDrained()) return await handBack(job, token!);
        await leases.hold(job, (lease) => process(job, token!, lease));
      },
      {
        connection: redis,
        prefix: queuePrefix,
        concurrency: slots[stage],
        // Renewed after half of it; checking as often finds a dead worker's jobs within 1.5 lock durations.
        lockDuration: lockMs,
        stalledInterval: lockMs / 2,
        maxStalledCount,
      },
    );
    worker.on("stalled", (job) =>
      log.warn({ stage, job }, "taken back from a worker that stopped responding"),
    );
    worker.on("lockRenewalFailed", (jobs) => leases.lose(stage, jobs));
    recordUnseenFailures(worker, { store, log });
    pause.add(stage, worker);
    return worker;
  });
  const queues = new VideoQueues(redis);
  const reconciler = reconcileJobs({ queues, store, log });
  const sweeper = retention === undefined ? undefined : blobSweeper({ redis, store, blobs, retention, log });

  return {
    slots: Object.fromEntries(stages.map((stage) => [stage, slots[stage]])),
    running: () => leases.held(),
    pause,
    async [Symbol.asyncDispose]() {
      pause.end();
      const closed = Promise.all(workers.map((worker) => worker.close()));
      const timer = setTimeout(() => leases.endAll(new Stopped("worker-stops")), stopMs);
      await closed;
      clearTimeout(timer);
      await reconciler[Symbol.asyncDispose]();
      await sweeper?.[Symbol.asyncDispose]();
      await queues[Symbol.asyncDispose]();
    },
  };
}
