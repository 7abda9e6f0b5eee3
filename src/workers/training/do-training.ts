import { type Job, UnrecoverableError } from "bullmq";
import type { Log } from "../../base/log.ts";
import { TypedError } from "../../base/typed-error.ts";
import { issuesOf } from "../../base/zod-issues.ts";
import { runRegistration, runTraining } from "../../ml/jobs/run-training.ts";
import { againstServed } from "../../ml/registry/register-trained.ts";
import { removeCheckpoints } from "../../ml/training/networks/checkpoint.ts";
import type { NetworkProgress, TrainingTask } from "../../ml/training/training-task.ts";
import { TrainingJob, type TrainingResult } from "../../queues/training-job.ts";
import { failureAction, Stopped } from "../failure-action.ts";
import { handBack } from "../hand-back.ts";
import { taskFailure } from "../tasks/task-failure.ts";
import { throttleLatest } from "../throttle-latest.ts";

export type TrainingDependencies = {
  log: Log;
  /** Where this host has the TensorFlow engine, when that is not the default folder. */
  tensorflow: string | undefined;
};

/** Frequent enough for a progress bar, in milliseconds. */
const betweenMs = 250;

/**
 * Does a training job: training and registration run in child processes. Each step may run twice: a later attempt
 * continues from the checkpoint, skips a finished training, and finds what was registered.
 * @param lease aborted with a Stopped when this worker has to stop the job
 */
export async function doTraining(
  job: Job,
  token: string,
  lease: AbortSignal,
  dependencies: TrainingDependencies,
): Promise<TrainingResult> {
  const log = dependencies.log.child({ training: job.id, stage: "train" });
  try {
    const payload = parse(job.data);
    log.info({ out: payload.task.out, reached: payload.reached }, "begun");
    const task = { ...payload.task, tensorflow: dependencies.tensorflow };
    if (payload.reached !== "trained") await train(job, payload, task, { lease, log });
    const registered =
      payload.registration && (await runRegistration(task, payload.registration, { signal: lease }));
    log.info(
      { ...(registered ? { version: registered.version, promoted: registered.promoted } : {}) },
      "done",
    );
    return { out: task.out, ...(registered ? { registered } : {}) };
  } catch (error) {
    return await end(error, job, token, log);
  }
}

function parse(data: unknown): TrainingJob {
  const { data: payload, error } = TrainingJob.safeParse(data);
  if (payload !== undefined) return payload;
  throw new TypedError("TRAINING_INVALID", `the job is not a training: ${issuesOf(error)}`);
}

async function train(
  job: Job,
  payload: TrainingJob,
  task: TrainingTask,
  { lease, log }: { lease: AbortSignal; log: Log },
): Promise<void> {
  const { registration } = payload;
  // Checkpoints of another training are not this one's to continue from.
  if (payload.reached === "nothing" && !task.resume) await removeCheckpoints(task.out);
  await job.updateData({ ...payload, reached: "begun" } satisfies TrainingJob);
  const compared = registration ? await againstServed(task, { folder: registration.folder }) : task;
  const abandoned = new AbortController();
  lease.addEventListener("abort", () => {
    // The checkpoint belongs to another worker now: this one may no longer write it.
    if (lease.reason instanceof Stopped && lease.reason.why === "lease-lost") abandoned.abort();
  });
  using progress = throttleLatest<NetworkProgress>(betweenMs, (value) => job.updateProgress(value));
  const run = (resume: boolean) =>
    runTraining(
      { ...compared, resume },
      {
        signal: lease,
        abandoned: abandoned.signal,
        onProgress: progress.push,
        onNotice: (notice) => log.info(notice),
      },
    );
  await run(true).catch(async (error: unknown) => {
    const isOfOthers = error instanceof TypedError && error.code === "CHECKPOINT_OF_ANOTHER";
    if (!isOfOthers || payload.reached === "nothing") throw error;
    log.info("the data has changed since the last attempt: starting over");
    await removeCheckpoints(task.out);
    await run(false);
  });
  await job.updateData({ ...payload, reached: "trained" } satisfies TrainingJob);
}

/** Throws what BullMQ expects for the failure. */
async function end(error: unknown, job: Job, token: string, log: Log): Promise<never> {
  const failure = error instanceof Stopped ? error : taskFailure(error);
  const triesLeft = (job.opts.attempts ?? 1) - job.attemptsMade - 1;
  const action = failureAction(failure, { made: job.attemptsMade, left: triesLeft });
  log.warn({ action, triesLeft, reason: failure.message }, "not done");
  const message = failure instanceof Stopped ? failure.message : `${failure.code}: ${failure.message}`;
  switch (action) {
    case "hand-back":
      return await handBack(job, token);
    case "reject":
    case "fail":
      throw new UnrecoverableError(message);
    default:
      throw new Error(message, { cause: error });
  }
}
