import { mkdir, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { RejectionError } from "./base/rejection.ts";
import type { Policy } from "./base/settings.ts";
import { diskSpace } from "./encode/disk-space.ts";
import type { EncodePlan } from "./plan/plan.ts";

/**
 * Refuses an encode that would fill a disk, before its first frame.
 * @param work folder of the intermediates and the product
 * @throws RejectionError DISK_FULL, not final, with the free bytes and those that are needed
 */
export async function requireSpace(
  plan: EncodePlan,
  { mp4, partsFolder }: Pick<Policy, "mp4" | "partsFolder">,
  work: string,
): Promise<void> {
  const needed = diskSpace(plan, { mp4 });
  // Reported in errors: the user knows it, not the work folder.
  const out = dirname(work);
  if (needed.parts === 0) return await demand(out, needed.work);
  await mkdir(partsFolder, { recursive: true });
  const [here, there] = await Promise.all([stat(out), stat(partsFolder)]);
  if (here.dev === there.dev) return await demand(out, needed.work + needed.parts);
  await demand(out, needed.work);
  await demand(partsFolder, needed.parts);
}

async function demand(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < needed)
    throw new RejectionError(
      "DISK_FULL",
      `${free} bytes are free in ${folder}, up to ${needed} are needed there`,
    );
}
