import type { Worker } from "bullmq";
import type { Log } from "../base/log.ts";
import type { Stage } from "../videos/video.ts";
import type { Lack } from "./failure-action.ts";

/** The stages that cannot go on without it. */
const needing: Readonly<Record<Lack, readonly Stage[]>> = {
  disk: ["ingest", "transcode", "publish"],
  blobs: ["ingest", "transcode", "publish"],
  network: ["publish"],
};

/** Milliseconds between probes: doubled each time. */
const between = { first: 1_000, longest: 60_000 };

export type HostPause = {
  add: (stage: Stage, worker: Pick<Worker, "pause" | "resume">) => void;
  /**
   * Probes whether the host lacks something; while it does, the stages that need it take no jobs, which leaves them to other
   * hosts.
   * @returns false when the host has it
   */
  begin: (lack: Lack) => Promise<boolean>;
  end: () => void;
};

/**
 * Pauses this host's stages while it lacks something. One probe, however many jobs wait, notices when it is back.
 * @param probes each throws while the host lacks it
 */
export function hostPause({
  probes,
  log,
}: {
  probes: Readonly<Record<Lack, () => Promise<void>>>;
  log: Log;
}): HostPause {
  const workers: { stage: Stage; worker: Pick<Worker, "pause" | "resume"> }[] = [];
  const timers = new Map<Lack, NodeJS.Timeout>();
  const beginning = new Map<Lack, Promise<boolean>>();
  let ended = false;

  const whyLacking = (lack: Lack): Promise<string | undefined> =>
    probes[lack]().then(
      () => undefined,
      (error: Error) => error.message,
    );
  const schedule = (lack: Lack, ms: number) => {
    const check = async () => {
      const why = await whyLacking(lack);
      if (ended) return;
      if (why !== undefined) return schedule(lack, Math.min(2 * ms, between.longest));
      timers.delete(lack);
      log.info({ lack }, "it is back: taking jobs again");
      for (const { stage, worker } of workers)
        if (
          needing[lack].includes(stage) &&
          ![...timers.keys()].some((other) => needing[other].includes(stage))
        )
          worker.resume();
    };
    timers.set(lack, setTimeout(check, ms));
  };
  const begin = async (lack: Lack): Promise<boolean> => {
    const why = await whyLacking(lack);
    if (why === undefined || ended) return why !== undefined;
    log.error({ lack, why, stages: needing[lack] }, "taking no jobs of these stages until it is back");
    for (const { stage, worker } of workers) if (needing[lack].includes(stage)) void worker.pause(true);
    schedule(lack, between.first);
    return true;
  };

  return {
    add: (stage, worker) => void workers.push({ stage, worker }),
    async begin(lack) {
      if (timers.has(lack)) return true;
      const begun = beginning.get(lack) ?? begin(lack).finally(() => beginning.delete(lack));
      beginning.set(lack, begun);
      return await begun;
    },
    end() {
      ended = true;
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
