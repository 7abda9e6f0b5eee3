import type { Worker } from "bullmq";
import type { Log } from "../base/log.ts";
import type { BlobStore } from "../videos/blob-store.ts";

/** How often a paused host looks whether it can go on, in milliseconds. */
const everyMs = 15_000;

/** A host without disk space takes no jobs, so that others get them, until there is space again. */
export function diskPause({
  blobs,
  minFreeBytes,
  log,
}: {
  blobs: BlobStore;
  minFreeBytes: number;
  log: Log;
}): { add: (worker: Worker) => void; begin: () => void; end: () => void } {
  const workers: Worker[] = [];
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    clearInterval(timer);
    timer = undefined;
  };
  const look = async () => {
    const free = await blobs.free().catch(() => 0);
    if (timer === undefined || free < minFreeBytes) return;
    end();
    log.info({ free }, "there is disk space again: jobs are taken");
    for (const worker of workers) worker.resume();
  };
  return {
    add: (worker) => void workers.push(worker),
    begin() {
      if (timer !== undefined) return;
      log.error("the disk is full: no jobs are taken until there is space");
      timer = setInterval(look, everyMs);
      for (const worker of workers) void worker.pause(true);
    },
    end,
  };
}
