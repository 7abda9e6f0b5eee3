import { Worker as QueueWorker } from "bullmq";
import type { Redis } from "ioredis";
import { trainingQueueName } from "../../queues/training-job.ts";
import { queuePrefix } from "../../queues/video-job.ts";
import { Stopped } from "../failure-action.ts";
import { handBack } from "../hand-back.ts";
import { hostPause } from "../host-pause.ts";
import { Leases } from "../leases.ts";
import type { PoolWorker } from "../pool-worker.ts";
import { maxStalledCount } from "../worker.ts";
import { doTraining, type TrainingDependencies } from "./do-training.ts";

export type TrainingWorkerOptions = TrainingDependencies & {
  redis: Redis;
  /** Trainings at a time. */
  slots: number;
  /** Milliseconds without a sign of life after which a worker's training goes to another. */
  lockMs: number;
  /** Milliseconds that a running training gets to finish when the worker is stopped. */
  stopMs: number;
};

/**
 * Starts taking trainings. This process only holds leases.
 * @returns disposing of it takes no more, and lets running ones finish or hands them back with a checkpoint
 */
export function startTrainingWorker(options: TrainingWorkerOptions): PoolWorker {
  const { redis, log, slots, lockMs, stopMs } = options;
  const leases = new Leases();
  const pause = hostPause({ redis, probes: {}, log });
  const worker = new QueueWorker(
    trainingQueueName,
    async (job, token) => {
      // An idle worker that is paused still takes the next job that comes.
      if (pause.isDrained()) return await handBack(job, token!);
      return await leases.hold(job, (lease) => doTraining(job, token!, lease.signal, options));
    },
    {
      connection: redis,
      prefix: queuePrefix,
      concurrency: slots,
      lockDuration: lockMs,
      stalledInterval: lockMs / 2,
      maxStalledCount,
    },
  );
  pause.add("train", worker);
  worker.on("stalled", (job) =>
    log.warn({ stage: "train", job }, "taken back from a worker that stopped responding"),
  );
  worker.on("lockRenewalFailed", (jobs) => leases.lose(trainingQueueName, jobs));
  return {
    slots: { train: slots },
    running: () => leases.held(),
    pause,
    async [Symbol.asyncDispose]() {
      pause.end();
      const closed = worker.close();
      const timer = setTimeout(() => leases.endAll(new Stopped("worker-stops")), stopMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
