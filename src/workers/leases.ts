import type { Job } from "bullmq";
import { Stopped } from "./failure-action.ts";

/** `since` in milliseconds since 1970. */
export type HeldJob = { stage: string; job: string; since: number };

/** The jobs that this process is working on. A job whose signal is aborted has to stop. */
export class Leases {
  readonly #held = new Map<string, { lease: AbortController; job: HeldJob }>();

  /** Runs a job under a lease. A lost job may come back while its first run is still ending: that run is aborted. */
  async hold<Result>(
    job: Pick<Job, "queueName" | "id">,
    work: (lease: AbortController) => Promise<Result>,
  ): Promise<Result> {
    const lease = new AbortController();
    const key = keyOf(job.queueName, job.id!);
    this.#held.get(key)?.lease.abort(new Stopped("lease-lost"));
    this.#held.set(key, { lease, job: { stage: job.queueName, job: job.id!, since: Date.now() } });
    try {
      return await work(lease);
    } finally {
      if (this.#held.get(key)?.lease === lease) this.#held.delete(key);
    }
  }

  /** Called when the locks of a queue's jobs could not be renewed: another worker may have taken them. */
  lose(queue: string, jobs: readonly string[]): void {
    for (const job of jobs) this.#held.get(keyOf(queue, job))?.lease.abort(new Stopped("lease-lost"));
  }

  endAll(reason: Stopped): void {
    for (const { lease } of this.#held.values()) lease.abort(reason);
  }

  held(): HeldJob[] {
    return [...this.#held.values()].map(({ job }) => job);
  }
}

function keyOf(queue: string, job: string): string {
  return `${queue}/${job}`;
}
