import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import { isSettled, type Reason, VideoId, type VideoState } from "../videos/video.ts";
import { type OnUnreadable, VideoStore } from "../videos/video-store.ts";
import type { Progress } from "../videos/video-update.ts";
import { trainingQueueName } from "./training-job.ts";
import { queueNames, queuePrefix } from "./video-job.ts";
import { type WorkerPresence, WorkerRegistry } from "./worker-presence.ts";

/** Every queue has the name of its stage. */
export const poolStages = [...queueNames, trainingQueueName] as const;
export type PoolStage = (typeof poolStages)[number];

/** Times are milliseconds since 1970. */
export type QueueStatus = {
  stage: PoolStage;
  paused: boolean;
  /** Jobs that a worker could take now. */
  waiting: number;
  active: number;
  /** Jobs that wait for their next try. */
  delayed: number;
  /** When the job that waits longest was added; absent when none waits. */
  oldest?: number;
};

export type RunningJob = {
  stage: string;
  job: string;
  worker: string;
  since: number;
  /** Absent for trainings. */
  video?: { id: string; title: string; bytes: number; progress?: Progress };
};

/** Videos that wait, failed or were refused for the same reason. */
export type ReasonCount = { code: string; videos: number; example: { id: string; message: string } };

export type PoolStatus = {
  at: number;
  workers: (WorkerPresence & { drained: boolean })[];
  drainedHosts: string[];
  queues: QueueStatus[];
  running: RunningJob[];
  /** What unfinished videos wait for, and since when. */
  waiting: (ReasonCount & { since: number })[];
  /** Among the `recent` newest videos, most frequent first. */
  failed: ReasonCount[];
  rejected: ReasonCount[];
  /** How many of the `recent` newest videos are in each state. */
  states: Partial<Record<VideoState, number>>;
  /** How many videos the counts above are of. */
  recent: number;
};

/** So many of the newest videos are counted: the status takes the same time however large the pool is. */
const recentVideos = 1_000;

/** What the whole pool is doing, over all hosts. */
export class Pool implements AsyncDisposable {
  readonly #store: VideoStore;
  readonly #registry: WorkerRegistry;
  readonly #queues: readonly { stage: PoolStage; queue: Queue }[];

  constructor(redis: Redis) {
    const options: QueueOptions = { connection: redis, prefix: queuePrefix };
    this.#store = new VideoStore(redis);
    this.#registry = new WorkerRegistry(redis);
    this.#queues = poolStages.map((stage) => ({ stage, queue: new Queue(stage, options) }));
    for (const { queue } of this.#queues) queue.on("error", () => {});
  }

  async status(): Promise<PoolStatus> {
    const [workers, drainedHosts, queues, videos] = await Promise.all([
      this.#registry.list(),
      this.#registry.drainedHosts(),
      this.queueStatus(),
      this.#videos(),
    ]);
    return {
      at: Date.now(),
      workers: workers.map((worker) => ({ ...worker, drained: drainedHosts.includes(worker.host) })),
      drainedHosts,
      queues,
      running: await Promise.all(workers.flatMap((worker) => this.#running(worker))),
      ...videos,
    };
  }

  async workers(): Promise<WorkerPresence[]> {
    return await this.#registry.list();
  }

  async queueStatus(): Promise<QueueStatus[]> {
    return await Promise.all(
      this.#queues.map(async ({ stage, queue }) => {
        const [counts, paused, [oldest]] = await Promise.all([
          queue.getJobCounts("wait", "prioritized", "active", "delayed"),
          queue.isPaused(),
          queue.getJobs("wait", 0, 0, true),
        ]);
        const { wait = 0, prioritized = 0, active = 0, delayed = 0 } = counts;
        return {
          stage,
          paused,
          waiting: wait + prioritized,
          active,
          delayed,
          ...(oldest === undefined ? {} : { oldest: oldest.timestamp }),
        };
      }),
    );
  }

  /** Has no host take jobs of these stages until they are resumed; running ones go on. */
  async pause(stages: readonly PoolStage[]): Promise<void> {
    await Promise.all(this.#of(stages).map((queue) => queue.pause()));
  }

  async resume(stages: readonly PoolStage[]): Promise<void> {
    await Promise.all(this.#of(stages).map((queue) => queue.resume()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#queues.map(({ queue }) => queue.close()));
  }

  #of(stages: readonly PoolStage[]): Queue[] {
    return this.#queues.flatMap(({ stage, queue }) => (stages.includes(stage) ? [queue] : []));
  }

  #running({ id: worker, running }: WorkerPresence): Promise<RunningJob>[] {
    return running.map(async (job) => {
      // The id of a job is that of its video and its run.
      const { data: id } = VideoId.safeParse(job.job.replace(/-\d+$/, ""));
      const found = id === undefined ? undefined : await this.#store.find(id);
      if (found === undefined) return { ...job, worker };
      const { record, progress } = found;
      const { title, bytes } = record;
      return { ...job, worker, video: { id: record.id, title, bytes, ...(progress && { progress }) } };
    });
  }

  async #videos(): Promise<Pick<PoolStatus, "waiting" | "failed" | "rejected" | "states" | "recent">> {
    const unreadable: OnUnreadable = () => {};
    const waiting = new Map<string, ReasonCount & { since: number }>();
    for await (const { id, waiting: wait } of this.#store.open(unreadable)) {
      if (wait === undefined) continue;
      const since = Math.min(wait.since, waiting.get(wait.code)?.since ?? wait.since);
      waiting.set(wait.code, { ...counted(waiting, id, wait), since });
    }
    const failed = new Map<string, ReasonCount>();
    const rejected = new Map<string, ReasonCount>();
    const states: Partial<Record<VideoState, number>> = {};
    let recent = 0;
    for await (const { id, state, reason } of this.#store.records(unreadable)) {
      states[state] = (states[state] ?? 0) + 1;
      const counts = { failed, rejected }[state as string];
      if (reason !== undefined && isSettled(state)) counts?.set(reason.code, counted(counts, id, reason));
      if (++recent === recentVideos) break;
    }
    return {
      waiting: frequentFirst(waiting),
      failed: frequentFirst(failed),
      rejected: frequentFirst(rejected),
      states,
      recent,
    };
  }
}

function counted(
  counts: ReadonlyMap<string, ReasonCount>,
  id: string,
  { code, message }: Reason,
): ReasonCount {
  const former = counts.get(code);
  return former ? { ...former, videos: former.videos + 1 } : { code, videos: 1, example: { id, message } };
}

function frequentFirst<Count extends ReasonCount>(counts: ReadonlyMap<string, Count>): Count[] {
  return [...counts.values()].sort(
    (one, other) => other.videos - one.videos || (one.code < other.code ? -1 : 1),
  );
}
