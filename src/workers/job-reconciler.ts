import type { Worker } from "bullmq";
import type { Log } from "../base/log.ts";
import type { TypedError } from "../base/typed-error.ts";
import { VideoJob } from "../queues/video-job.ts";
import type { VideoQueues } from "../queues/video-queues.ts";
import type { VideoRecord } from "../videos/video.ts";
import type { VideoStore } from "../videos/video-store.ts";
import { repeat } from "./repeat.ts";

/** How often the unfinished videos are checked, in milliseconds. */
const everyMs = 60_000;

type ReconcilerDependencies = { store: VideoStore; log: Log };

/**
 * Records failures that reach no processor: BullMQ fails a job that stalled too often without running it, and the parent
 * of a failed job. The record of such a parent's video already has the reason and refuses this one.
 */
export function recordUnseenFailures(worker: Worker, { store, log }: ReconcilerDependencies): void {
  worker.on("failed", async (job, error) => {
    if (!job?.finishedOn) return;
    const { video, run } = VideoJob.parse(job.data);
    try {
      const record = await store.get(video);
      if (record.run === run) await recordFailure(record, error.message, { store, log });
    } catch (err) {
      log.error({ video, stage: worker.name, err }, "the failure could not be recorded");
    }
  });
}

/**
 * Checks the unfinished videos regularly: those that a crash between record and queue left without jobs get them, those
 * whose jobs failed unnoticed are recorded as failed.
 * @returns disposing of it waits for a check that is under way
 */
export function reconcileJobs({
  queues,
  store,
  log,
}: ReconcilerDependencies & { queues: VideoQueues }): AsyncDisposable {
  const reported = new Set<string>();
  const report = (video: string, err: TypedError) => {
    if (reported.has(video)) return;
    reported.add(video);
    log.error({ video, err }, "the record cannot be read: no one works on this video");
  };
  const check = async () => {
    try {
      for await (const record of store.open(report)) {
        const jobs = await queues.state(record);
        if (jobs === "missing") await queues.add(record);
        if (jobs === "failed") await recordFailure(record, "its job has failed", { store, log });
      }
    } catch (err) {
      log.warn({ err }, "the unfinished videos could not be checked");
    }
  };
  return repeat(check, everyMs);
}

async function recordFailure(
  { id, attempt, stage }: VideoRecord,
  why: string,
  { store, log }: ReconcilerDependencies,
): Promise<void> {
  const reason = { code: "WORKERS_LOST", message: `the workers gave up: ${why}` };
  const { outcome } = await store.apply(id, { type: "failed", attempt, reason });
  if (outcome === "moved") log.error({ video: id, stage, attempt, reason }, "failed");
}
