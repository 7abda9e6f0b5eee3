import { FlowProducer, Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import type { Stage, VideoRecord } from "../videos/video.ts";
import { jobId, queuePrefix, VideoJob } from "./video-job.ts";

/** Tries of a stage before the video counts as failed. An encode is expensive; a network may be down for minutes. */
const tries: Readonly<Record<Stage, number>> = { ingest: 3, transcode: 3, publish: 8 };

/** Milliseconds before the second try; doubled each time. */
const firstWait = 2_000;

/** Adds the jobs of videos and reads their state. */
export class VideoQueues implements AsyncDisposable {
  readonly #flows: FlowProducer;
  readonly #root: Queue;

  constructor(redis: Redis) {
    const options: QueueOptions = { connection: redis, prefix: queuePrefix };
    this.#flows = new FlowProducer(options);
    this.#root = new Queue("publish", options);
    // ioredis reconnects by itself; a command that fails rejects its own promise.
    this.#flows.on("error", () => {});
    this.#root.on("error", () => {});
  }

  /** Adds all stages of a video, ingest first. Adding the same run again has no effect. */
  async add(record: VideoRecord): Promise<void> {
    // Finished children are removed after a while: adding the flow again would repeat them.
    if (await this.#root.getJob(jobId(record))) return;
    await this.#flows.add(flow(record));
  }

  /** The state of a run: "missing" when its jobs were lost or removed. */
  async state(record: VideoRecord): Promise<"missing" | "failed" | "going"> {
    const job = await this.#root.getJob(jobId(record));
    if (!job) return "missing";
    return (await job.isFailed()) ? "failed" : "going";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flows.close();
    await this.#root.close();
  }
}

/** The jobs of a video: publish waits for transcode, which waits for ingest. */
function flow(record: VideoRecord) {
  const node = (stage: Stage) => ({
    name: stage,
    queueName: stage,
    prefix: queuePrefix,
    data: VideoJob.parse({ video: record.id, run: record.run }),
    opts: {
      jobId: jobId(record),
      attempts: tries[stage],
      backoff: { type: "exponential", delay: firstWait, jitter: 0.5 },
      removeOnComplete: { age: 24 * 3600, count: 10_000 },
      removeOnFail: { age: 7 * 24 * 3600, count: 10_000 },
    },
  });
  const child = (stage: Stage) => {
    const { opts, ...rest } = node(stage);
    // Otherwise the parent job of a rejected video would wait forever.
    return { ...rest, opts: { ...opts, failParentOnFailure: true } };
  };
  return { ...node("publish"), children: [{ ...child("transcode"), children: [child("ingest")] }] };
}
