import { type Job, WaitingError } from "bullmq";

/** Gives a job back to the queue, for any worker to take at once. It counts as no try. */
export async function handBack(job: Job, token: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}
