import type { Job } from "bullmq";
import { Stopped } from "./failure-action.ts";

/** The jobs at work in this process. Their signals say when they must not go on. */
export class Leases {
  readonly #held = new Map<string, AbortController>();

  /** Does a job under a lease. The same job may be here twice: lost, and taken again while the first ends. */
  async hold<Result>(
    job: Pick<Job, "queueName" | "id">,
    work: (lease: AbortController) => Promise<Result>,
  ): Promise<Result> {
    const lease = new AbortController();
    const key = keyOf(job.queueName, job.id!);
    this.#held.get(key)?.abort(new Stopped("lease-lost"));
    this.#held.set(key, lease);
    try {
      return await work(lease);
    } finally {
      if (this.#held.get(key) === lease) this.#held.delete(key);
    }
  }

  /** The locks of these jobs of a queue could not be renewed: another worker may have them. */
  lose(queue: string, jobs: readonly string[]): void {
    for (const job of jobs) this.#held.get(keyOf(queue, job))?.abort(new Stopped("lease-lost"));
  }

  endAll(reason: Stopped): void {
    for (const lease of this.#held.values()) lease.abort(reason);
  }
}

function keyOf(queue: string, job: string): string {
  return `${queue}/${job}`;
}
