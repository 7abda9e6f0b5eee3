import { resolve } from "node:path";
import { readSettings } from "../../config.ts";
import type { Registration } from "../../ml/jobs/training-operations.ts";
import type { NetworkProgress, TrainingTask } from "../../ml/training/training-task.ts";
import { connectRedis } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { TrainingJob, type TrainingResult } from "../../queues/training-job.ts";
import { TrainingQueue } from "../../queues/training-queue.ts";
import { stopSignal } from "../stop-signal.ts";
import { printRegistered } from "./model-output.ts";

export type QueueOptions = { wait?: true; json?: true };

/** Adds a training to the queue, and with --wait follows it to its end. */
export async function queueTraining(
  task: TrainingTask,
  registration: Registration | undefined,
  { wait, json }: QueueOptions,
  onProgress: (progress: NetworkProgress) => void,
): Promise<void> {
  const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
  try {
    await using queue = new TrainingQueue(redis);
    const { id, known } = await queue.add(jobOf(task, registration));
    if (!wait) return print({ id, known, out: resolve(task.out) }, json);
    console.error(`kiln: ${id} ${known ? "was added before" : "waits for a worker with the stage train"}`);
    const signal = stopSignal();
    const result = await queue.follow(id, { onProgress, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      console.error(`kiln: ${id} goes on without you`);
      process.exitCode = 130;
      return undefined;
    });
    if (result === undefined) return;
    if (json) console.log(JSON.stringify({ id, ...result }));
    else printResult(result);
    if (registration?.promote && !result.registered?.promoted) process.exitCode = 1;
  } finally {
    redis.disconnect();
  }
}

/** A worker has another folder to work in, and an installation of engines of its own. */
function jobOf(
  { tensorflow: _, ...task }: TrainingTask,
  registration: Registration | undefined,
): TrainingJob {
  const { source } = task;
  return TrainingJob.parse({
    task: {
      ...task,
      source:
        source.kind === "file"
          ? { ...source, path: resolve(source.path) }
          : { ...source, lake: resolve(source.lake) },
      out: resolve(task.out),
      ...(task.content === undefined ? {} : { content: resolve(task.content) }),
      ...(task.from === undefined ? {} : { from: resolve(task.from) }),
    },
    ...(registration ? { registration: { ...registration, folder: resolve(registration.folder) } } : {}),
  });
}

function print({ id, known, out }: { id: string; known: boolean; out: string }, json?: true): void {
  if (json) return void console.log(JSON.stringify({ id, known, out }));
  console.log(
    known ? `${id} was added before and continues` : `${id} waits for a worker; its model will be in ${out}`,
  );
}

function printResult({ out, registered }: TrainingResult): void {
  console.log(`The model, its metrics and report.html are in ${out}`);
  if (registered) printRegistered(registered);
}
