import { constants } from "node:fs";
import { access, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { analyse } from "../../analysis/analyse.ts";
import type { ModerationPolicy } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { Limits, Policy } from "../../transcode/base/settings.ts";
import { hashFile } from "../../videos/hash-file.ts";
import type { TaskControl, TaskHandlers } from "./serve-task.ts";
import type { TaskOf } from "./task.ts";

export type TaskDependencies = {
  policy: Policy;
  limits: Limits;
  /** Null: the content is not analysed. */
  moderation: ModerationPolicy | null;
  /** Publishes a finished product. Idempotent; an older attempt is refused. */
  publish: TaskHandlers["publish"];
};

/** The work of each stage on real files. A child does one task, so it loads only what that one needs. */
export function taskHandlers({ policy, limits, moderation, publish }: TaskDependencies): TaskHandlers {
  return {
    async ingest(task, { signal, onProgress }) {
      await takeOriginal(task, signal);
      onProgress({ stage: "probe", fraction: 0 });
      const { probe } = await import("../../transcode/probe/probe.ts");
      const { screen } = await import("../../transcode/probe/screen.ts");
      screen(
        await probe(task.original, { maxBytes: limits.maxBytes, reading: policy.reading, signal }),
        limits,
      );
      return {};
    },
    async transcode({ original, out }, { signal, onProgress }) {
      const { transcode } = await import("../../transcode/transcode.ts");
      await transcode(original, {
        out,
        signal,
        onProgress,
        policy,
        limits,
        analyse: moderation === null ? undefined : (input, run) => analyse(input, moderation, run),
      });
      return {};
    },
    publish,
  };
}

/** Copies the file into the blob store, where it no longer changes, and verifies the copy. */
async function takeOriginal(
  { source, sha256, original }: TaskOf<"ingest">,
  signal: TaskControl["signal"],
): Promise<void> {
  const taken = await access(original).then(
    () => true,
    () => false,
  );
  if (taken) return;
  const folder = dirname(original);
  const aside = join(folder, String(process.pid));
  // Includes what a killed worker left.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    await copyFile(source, aside, constants.COPYFILE_FICLONE).catch((error) => {
      throw unreadable(source, error);
    });
    const copied = await hashFile(aside, { signal });
    if (copied.sha256 !== sha256)
      throw new TypedError("SOURCE_CHANGED", `${source} has changed since it was enqueued: enqueue it again`);
    await rename(aside, original);
  } finally {
    await rm(aside, { force: true });
  }
}

function unreadable(source: string, error: NodeJS.ErrnoException): Error {
  if (error.code === "ENOSPC") return error;
  return new TypedError(
    "SOURCE_UNREADABLE",
    `${source} cannot be read here (${error.code}): enqueue it again from a path that every worker sees`,
    { cause: error },
  );
}
