import type { Worker } from "bullmq";
import type { Log } from "../base/log.ts";
import { VideoJob } from "../queues/video-job.ts";
import type { VideoQueues } from "../queues/video-queues.ts";
import type { VideoRecord } from "../videos/video.ts";
import type { VideoStore } from "../videos/video-store.ts";

/** A look over the unfinished videos, so often: milliseconds. */
const everyMs = 60_000;

type Tools = { store: VideoStore; log: Log };

/**
 * Writes down the failures that no processor saw: BullMQ fails a job that stalled too often without running
 * it, and a parent whose child failed. The record of the latter says why already, and refuses.
 */
export function recordUnseenFailures(worker: Worker, { store, log }: Tools): void {
  worker.on("failed", async (job, error) => {
    if (!job?.finishedOn) return;
    const { video, run } = VideoJob.parse(job.data);
    try {
      const record = await store.get(video);
      if (record.run === run) await giveUp(record, error.message, { store, log });
    } catch (err) {
      log.error({ video, stage: worker.name, err }, "the failure could not be written down");
    }
  });
}

/**
 * Watches over the videos that are not settled: what a crash between record and queue left without jobs gets
 * them, what was given up without a word is written down as failed.
 * @returns a look that is under way is waited for when it is disposed of
 */
export function reconcileJobs({ queues, store, log }: Tools & { queues: VideoQueues }): AsyncDisposable {
  const look = async () => {
    try {
      for await (const record of store.open()) {
        const jobs = await queues.state(record);
        if (jobs === "missing") await queues.add(record);
        if (jobs === "failed") await giveUp(record, "its job has failed", { store, log });
      }
    } catch (err) {
      log.warn({ err }, "the unfinished videos could not be looked over");
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function giveUp(
  { id, attempt, stage }: VideoRecord,
  why: string,
  { store, log }: Tools,
): Promise<void> {
  const reason = { code: "WORKERS_LOST", message: `the work was given up: ${why}` };
  const { outcome } = await store.apply(id, { type: "failed", attempt, reason });
  if (outcome === "moved") log.error({ video: id, stage, attempt, reason }, "failed");
}
