import { isDeepStrictEqual } from "node:util";
import { type Job, Queue, QueueEvents, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import { ErrorCode } from "../base/errors.ts";
import { TypedError } from "../base/typed-error.ts";
import { NetworkProgress } from "../ml/training/training-task.ts";
import { TrainingJob, TrainingResult, trainingJobId, trainingQueueName } from "./training-job.ts";
import { queuePrefix } from "./video-job.ts";

/** A training that loses its engine continues from its checkpoint; after so many failures it would fail again. */
const tries = 3;
/** Milliseconds before the second try; doubled each time. */
const firstWait = 5_000;
/** Seconds for which ended jobs are kept. */
const kept = { completed: 24 * 3600, failed: 7 * 24 * 3600 };

/** Adds trainings and follows them. */
export class TrainingQueue implements AsyncDisposable {
  readonly #queue: Queue;
  readonly #options: QueueOptions;

  constructor(redis: Redis) {
    this.#options = { connection: redis, prefix: queuePrefix };
    this.#queue = new Queue(trainingQueueName, this.#options);
    this.#queue.on("error", () => {});
  }

  /**
   * Adds a training. Adding it again while it waits or runs has no effect; one that has ended is repeated.
   * @returns its id, and whether it was there already
   * @throws TypedError TRAINING_UNDER_WAY when another one writes into the same folder
   */
  async add(job: TrainingJob): Promise<{ id: string; known: boolean }> {
    const data = TrainingJob.parse(job);
    const jobId = trainingJobId(data);
    const former = await this.#queue.getJob(jobId);
    if (former && (await isUnderWay(former))) {
      const { reached: _, ...other } = TrainingJob.parse(former.data);
      const { reached: __, ...own } = data;
      if (isDeepStrictEqual(own, other)) return { id: jobId, known: true };
      throw new TypedError(
        "TRAINING_UNDER_WAY",
        `another training into ${data.task.out} is waiting or running: name another --out, or wait for it`,
      );
    }
    await former?.remove();
    await this.#queue.add(trainingQueueName, data, {
      jobId,
      attempts: tries,
      backoff: { type: "exponential", delay: firstWait, jitter: 0.5 },
      removeOnComplete: { age: kept.completed },
      removeOnFail: { age: kept.failed },
    });
    return { id: jobId, known: false };
  }

  /**
   * Waits for the end of a training; aborting ends the waiting, not the training.
   * @throws TypedError of the training, TRAINING_UNKNOWN; the signal's reason
   */
  async follow(
    id: string,
    { onProgress, signal }: { onProgress?: (progress: NetworkProgress) => void; signal?: AbortSignal } = {},
  ): Promise<TrainingResult> {
    const events = new QueueEvents(trainingQueueName, this.#options);
    events.on("error", () => {});
    events.on("progress", ({ jobId, data }) => {
      if (jobId === id) onProgress?.(NetworkProgress.parse(data));
    });
    try {
      await events.waitUntilReady();
      const job = await this.#queue.getJob(id);
      if (job === undefined)
        throw new TypedError("TRAINING_UNKNOWN", `there is no training ${id}: kiln train --queue adds one`);
      const ended = job.waitUntilFinished(events).catch((error: Error) => {
        throw failureOf(error);
      });
      return TrainingResult.parse(await Promise.race([ended, ...(signal ? [rejected(signal)] : [])]));
    } finally {
      await events.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.close();
  }
}

const isUnderWay = async (job: Job): Promise<boolean> =>
  !(await job.isCompleted()) && !(await job.isFailed());

/** Workers report failures as `CODE: sentence`, like the command line. */
function failureOf(error: Error): TypedError {
  const [, word, message = error.message] = /^([A-Z_]+): (.*)$/s.exec(error.message) ?? [];
  const { data: code } = ErrorCode.safeParse(word);
  if (code === undefined) return new TypedError("WORKERS_LOST", error.message, { cause: error });
  return new TypedError(code, message, { cause: error });
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
