import { type Job, UnrecoverableError, WaitingError } from "bullmq";
import { issuesOf } from "../../base/issues-of.ts";
import type { Log } from "../../base/log.ts";
import { TypedError } from "../../base/typed-error.ts";
import { runRegistration, runTraining } from "../../ml/jobs/run-training.ts";
import { againstActive } from "../../ml/registry/register-trained.ts";
import { removeCheckpoints } from "../../ml/training/networks/checkpoint.ts";
import type { NetworkProgress, TrainingTask } from "../../ml/training/training-task.ts";
import { TrainingJob, type TrainingResult } from "../../queues/training-job.ts";
import { failureAction, Stopped } from "../failure-action.ts";
import { taskFailure } from "../tasks/task-failure.ts";
import { throttleLatest } from "../throttle-latest.ts";

export type TrainingDependencies = {
  log: Log;
  /** Where this host has the TensorFlow engine, when that is not the default folder. */
  tensorflow: string | undefined;
};

/** Progress is for the eye: a few times a second. */
const betweenMs = 250;

/**
 * Does a training job: the training and the registration run in child processes. Every line of it may run twice: a
 * later attempt goes on from the checkpoint, skips a training that is done, and finds what it has registered.
 * @param lease aborted with a Stopped when the job must not go on here
 */
export async function doTraining(
  job: Job,
  token: string,
  lease: AbortSignal,
  tools: TrainingDependencies,
): Promise<TrainingResult> {
  const log = tools.log.child({ training: job.id, stage: "train" });
  try {
    const asked = parse(job.data);
    log.info({ out: asked.task.out, reached: asked.reached }, "begun");
    const task = { ...asked.task, tensorflow: tools.tensorflow };
    if (asked.reached !== "trained") await train(job, asked, task, { lease, log });
    const registered =
      asked.registration && (await runRegistration(task, asked.registration, { signal: lease }));
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
  const { data: asked, error } = TrainingJob.safeParse(data);
  if (asked !== undefined) return asked;
  throw new TypedError("TRAINING_INVALID", `this is no training: ${issuesOf(error)}`);
}

async function train(
  job: Job,
  asked: TrainingJob,
  task: TrainingTask,
  { lease, log }: { lease: AbortSignal; log: Log },
): Promise<void> {
  const { registration } = asked;
  // What another training has left there is not this one's to go on from.
  if (asked.reached === "nothing" && !task.resume) await removeCheckpoints(task.out);
  await job.updateData({ ...asked, reached: "begun" } satisfies TrainingJob);
  const wanted = registration ? await againstActive(task, { folder: registration.folder }) : task;
  const abandoned = new AbortController();
  lease.addEventListener("abort", () => {
    // Another worker has the checkpoint now: this one must not write it any more.
    if (lease.reason instanceof Stopped && lease.reason.why === "lease-lost") abandoned.abort();
  });
  using progress = throttleLatest<NetworkProgress>(betweenMs, (value) => job.updateProgress(value));
  const run = (resume: boolean) =>
    runTraining(
      { ...wanted, resume },
      {
        signal: lease,
        abandoned: abandoned.signal,
        onProgress: progress.tell,
        onNotice: (say) => log.info(say),
      },
    );
  await run(true).catch(async (error: unknown) => {
    const other = error instanceof TypedError && error.code === "CHECKPOINT_OF_ANOTHER";
    if (!other || asked.reached === "nothing") throw error;
    log.info("the data have changed since the last attempt: it begins anew");
    await removeCheckpoints(task.out);
    await run(false);
  });
  await job.updateData({ ...asked, reached: "trained" } satisfies TrainingJob);
}

/** Throws what BullMQ understands by a failure. */
async function end(error: unknown, job: Job, token: string, log: Log): Promise<never> {
  const failure = error instanceof Stopped ? error : taskFailure(error);
  const triesLeft = (job.opts.attempts ?? 1) - job.attemptsMade - 1;
  const what = failureAction(failure, triesLeft);
  log.warn({ outcome: what, triesLeft, reason: failure.message }, "not done");
  const say = failure instanceof Stopped ? failure.message : `${failure.code}: ${failure.message}`;
  switch (what) {
    case "hand-back":
      await job.moveToWait(token);
      throw new WaitingError();
    case "reject":
    case "fail":
      throw new UnrecoverableError(say);
    default:
      throw new Error(say, { cause: error });
  }
}
