import type { Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Log } from "../base/log.ts";
import type { Lack } from "./failure-action.ts";
import { type WorkerStage, workerStages } from "./settings.ts";

/** Why a host takes no jobs of some stages: it lacks something, or an operator has drained it. */
export type PauseReason = Lack | "drained";

const affected: Readonly<Record<PauseReason, readonly WorkerStage[]>> = {
  disk: ["ingest", "transcode", "publish"],
  blobs: ["ingest", "transcode", "publish"],
  network: ["publish"],
  redis: workerStages,
  drained: workerStages,
};

/** Written to find out whether Redis takes writes. */
const probeKey = "kiln:probe";

/** Milliseconds between probes: doubled each time. */
const between = { first: 1_000, longest: 60_000 };

export type HostPause = {
  /** Also watches the worker: BullMQ repeats what Redis refuses (out of memory, unable to save) without any pause. */
  add: (stage: WorkerStage, worker: Pick<Worker, "pause" | "resume" | "on">) => void;
  /**
   * Probes whether the host lacks something; while it does, the stages that need it take no jobs, which leaves them to other
   * hosts.
   * @returns false when the host has it
   */
  begin: (lack: Lack) => Promise<boolean>;
  /** While the host is drained, no stage takes jobs; running ones go on. */
  setDrained: (drained: boolean) => void;
  isDrained: () => boolean;
  /** Why stages are paused, and since when (milliseconds since 1970). */
  reasons: () => { reason: PauseReason; since: number }[];
  end: () => void;
};

/**
 * Pauses this host's stages while it lacks something or is drained. One probe, however many jobs wait, notices when what was
 * missing is back.
 * @param probes each throws while the host lacks it
 */
export function hostPause({
  redis,
  probes: others,
  log,
}: {
  redis: Redis;
  probes: Readonly<Partial<Record<Lack, () => Promise<void>>>>;
  log: Log;
}): HostPause {
  const probes = { ...others, redis: async () => void (await redis.set(probeKey, 1, "PX", 1_000)) };
  const workers: { stage: WorkerStage; worker: Pick<Worker, "pause" | "resume"> }[] = [];
  const reasons = new Map<PauseReason, number>();
  const timers = new Map<Lack, NodeJS.Timeout>();
  const beginning = new Map<Lack, Promise<boolean>>();
  let ended = false;

  const pauseFor = (reason: PauseReason) => {
    reasons.set(reason, Date.now());
    for (const { stage, worker } of workers) if (affected[reason].includes(stage)) void worker.pause(true);
  };
  const resumeFrom = (reason: PauseReason) => {
    reasons.delete(reason);
    const isPaused = (stage: WorkerStage) =>
      [...reasons.keys()].some((other) => affected[other].includes(stage));
    for (const { stage, worker } of workers)
      if (affected[reason].includes(stage) && !isPaused(stage)) worker.resume();
  };
  const whyLacking = (lack: Lack): Promise<string | undefined> =>
    (probes[lack]?.() ?? Promise.resolve()).then(
      () => undefined,
      (error: Error) => error.message,
    );
  const schedule = (lack: Lack, ms: number) => {
    const check = async () => {
      const why = await whyLacking(lack);
      if (ended) return;
      if (why !== undefined) return schedule(lack, Math.min(2 * ms, between.longest));
      log.info({ lack }, "it is back: taking jobs again");
      resumeFrom(lack);
    };
    timers.set(lack, setTimeout(check, ms));
  };
  const begin = async (lack: Lack): Promise<boolean> => {
    const why = await whyLacking(lack);
    if (why === undefined || ended) return why !== undefined;
    log.error({ lack, why, stages: affected[lack] }, "taking no jobs of these stages until it is back");
    pauseFor(lack);
    schedule(lack, between.first);
    return true;
  };

  const beginOnce = async (lack: Lack): Promise<boolean> => {
    if (reasons.has(lack)) return true;
    const begun = beginning.get(lack) ?? begin(lack).finally(() => beginning.delete(lack));
    beginning.set(lack, begun);
    return await begun;
  };

  return {
    add(stage, worker) {
      workers.push({ stage, worker });
      worker.on("error", async (err) => {
        if (err.name === "ReplyError" && (await beginOnce("redis"))) return;
        log.warn({ stage, err }, "queue error");
      });
    },
    begin: beginOnce,
    setDrained(drained) {
      if (drained === reasons.has("drained") || ended) return;
      log.info(
        drained ? "drained: finishing running jobs, taking no more" : "no longer drained: taking jobs again",
      );
      if (drained) pauseFor("drained");
      else resumeFrom("drained");
    },
    isDrained: () => reasons.has("drained"),
    reasons: () => [...reasons].map(([reason, since]) => ({ reason, since })),
    end() {
      ended = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
