import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import type { Log } from "../../base/log.ts";
import { TypedError } from "../../base/typed-error.ts";
import { VideoJob } from "../../queues/video-job.ts";
import type { BlobStore } from "../../videos/blob-store.ts";
import { begun } from "../../videos/transition.ts";
import type { Reason, Stage, VideoRecord } from "../../videos/video.ts";
import type { VideoStore } from "../../videos/video-store.ts";
import { failureAction, lackOf, Stopped, waitMs } from "../failure-action.ts";
import { handBack } from "../hand-back.ts";
import type { HostPause } from "../host-pause.ts";
import type { ReportPostStatus } from "../report-post-status.ts";
import { runTask } from "../tasks/run-task.ts";
import { type TaskFailure, taskFailure } from "../tasks/task-failure.ts";
import { reportProgress } from "./report-progress.ts";
import { stageWork } from "./stage-work.ts";

export type ProcessorDependencies = {
  store: VideoStore;
  blobs: BlobStore;
  log: Log;
  /** The module that does the tasks, see serveTask. */
  taskProgram: URL;
  minFreeBytes: number;
  moderation: "on" | "off";
  reportPostStatus: ReportPostStatus;
  pause: Pick<HostPause, "begin">;
};

/** Milliseconds until another host, a newer one, may take a job that this one is too old for. */
const newerMs = 5_000;

/**
 * Does a stage's jobs: begins the stage (which takes the next fencing number), does its work, and writes down
 * how it ended. Every line of it may run twice; the record decides what counts.
 * @returns a processor: `lease` is aborted with a Stopped when the job must not go on here
 */
export function stageProcessor(stage: Stage, tools: ProcessorDependencies) {
  const { store, blobs, minFreeBytes, moderation, reportPostStatus, taskProgram, pause } = tools;

  return async (job: Job, token: string, lease: AbortController): Promise<void> => {
    const { video, run } = VideoJob.parse(job.data);
    const begin = await store.apply(video, begun(stage, run)).catch(async (error: unknown) => {
      if (!(error instanceof TypedError) || error.code !== "RECORD_NEWER") throw error;
      tools.log.warn({ video, stage }, error.message);
      return await delay(job, token, newerMs);
    });
    if (begin.outcome === "refused") {
      tools.log.info({ video, stage, why: begin.why }, "nothing to do");
      if (begin.why === "ALREADY_DONE") return;
      throw new UnrecoverableError(begin.why);
    }
    const { record } = begin;
    const log = tools.log.child({ video, stage, attempt: record.attempt });
    log.info("begun");
    using progress = reportProgress(store, record, () => lease.abort(new Stopped("lease-lost")));
    try {
      await blobs.check();
      const events = await stageWork[stage](record, {
        blobs,
        minFreeBytes,
        moderation,
        reportPostStatus,
        warn: (why) => log.warn({ why }, "the post gets its status later"),
        run: (task) => runTask(taskProgram, task, { signal: lease.signal, onProgress: progress.push }),
      });
      for (const event of events) {
        const { outcome: written } = await store.apply(video, event);
        if (written === "refused") throw new Stopped("lease-lost");
      }
      log.info("done");
    } catch (error) {
      await end(error, record, job, token);
    }
  };

  /** Writes down how the stage failed, and throws what BullMQ understands by it. */
  async function end(error: unknown, record: VideoRecord, job: Job, token: string): Promise<never> {
    const log = tools.log.child({ video: record.id, stage, attempt: record.attempt });
    const failure = error instanceof Stopped ? error : taskFailure(error);
    const triesLeft = (job.opts.attempts ?? 1) - job.attemptsMade - 1;
    const what = failureAction(failure, { made: job.attemptsMade, left: triesLeft });
    log.warn({ outcome: what, triesLeft, reason: failure.message, ...details(failure) }, "not done");
    switch (what) {
      case "reject":
      case "fail": {
        const reason = reasonOf(failure);
        const type = what === "reject" ? "rejected" : "failed";
        await store.apply(record.id, { type, attempt: record.attempt, reason });
        if (what === "reject") await blobs.drop(record.id);
        throw new UnrecoverableError(`${reason.code}: ${reason.message}`);
      }
      case "wait":
        return await wait(reasonOf(failure), record, job, token);
      case "hand-back":
        return await handBack(job, token);
      case "retry":
      case "leave":
        throw error;
    }
  }

  /** Has the record say what the video waits for; a host that lacks it takes no more such jobs. */
  async function wait(reason: Reason, record: VideoRecord, job: Job, token: string): Promise<never> {
    const { attempt } = record;
    const waits = await store.apply(record.id, { type: "waited", attempt, reason });
    const lack = lackOf(reason);
    if (lack !== undefined && (await pause.begin(lack))) return await handBack(job, token);
    const since = waits.outcome === "moved" ? waits.record.waiting!.since : Date.now();
    return await delay(job, token, waitMs(Date.now() - since, Math.random()));
  }
}

function details(failure: Stopped | TaskFailure): Partial<TaskFailure> {
  if (failure instanceof Stopped) return {};
  const { code, stack } = failure;
  return stack === undefined ? { code } : { code, stack };
}

function reasonOf(failure: Stopped | TaskFailure): Reason {
  return { code: failure instanceof Stopped ? "STOPPED" : failure.code, message: failure.message };
}

async function delay(job: Job, token: string, ms: number): Promise<never> {
  await job.moveToDelayed(Date.now() + ms, token);
  throw new DelayedError();
}
