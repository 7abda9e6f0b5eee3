import type { Worker } from "bullmq";
import type { Log } from "../base/log.ts";
import type { BlobStore } from "../videos/blob-store.ts";

/** How often a paused host checks its free space, in milliseconds. */
const everyMs = 15_000;

/** A host whose disk is full takes no jobs, which leaves them to other hosts, until it has space again. */
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
  const check = async () => {
    const free = await blobs.free().catch(() => 0);
    if (timer === undefined || free < minFreeBytes) return;
    end();
    log.info({ free }, "disk space is available again: taking jobs");
    for (const worker of workers) worker.resume();
  };
  return {
    add: (worker) => void workers.push(worker),
    begin() {
      if (timer !== undefined) return;
      log.error("the disk is full: taking no jobs until space is free");
      timer = setInterval(check, everyMs);
      for (const worker of workers) void worker.pause(true);
    },
    end,
  };
}
