import { join } from "node:path";
import { z } from "zod";
import type { Policy } from "../base/settings.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { choosePaths } from "./choose-paths.ts";
import { type Choice, type PathName, softwareOnly } from "./encode-path.ts";
import { chooseGpu, discoverGpus } from "./gpu.ts";
import { afterFailure, allows, asideReason, Breaker, trusted } from "./gpu-breaker.ts";
import { assumed, gpuCapabilities } from "./gpu-capabilities.ts";
import { recall, remember } from "./remembered.ts";

/** By UUID. */
const Breakers = z.record(z.string(), Breaker);
const breakersFile = (folder: string) => join(folder, "breakers.json");

/**
 * The paths that are open for a plan on this machine now. Without nvidia-smi that is software, at once; `nvenc`
 * as acceleration tries the GPU even where none was found or it was set aside.
 * @throws TypedError NO_SUCH_GPU, FFMPEG_MISSING
 */
export async function openPaths(
  plan: EncodePlan,
  { acceleration, gpu: wanted, gpuState: folder }: Policy,
  signal?: AbortSignal,
): Promise<Choice> {
  if (acceleration === "software") return softwareOnly;
  const { gpus } = await discoverGpus(signal);
  const gpu = chooseGpu(gpus, wanted);
  if (gpu === null)
    return acceleration === "auto"
      ? softwareOnly
      : choosePaths(plan, { device: 0, uuid: null, can: assumed });
  const breaker = await breakerOf(gpu.uuid, folder);
  if (acceleration === "auto" && breaker.state === "open" && !allows(breaker, Date.now()))
    return { ...softwareOnly, closed: [{ from: best, reason: asideReason(breaker) }] };
  const can = await gpuCapabilities(gpu, { folder, signal });
  return choosePaths(plan, { device: gpu.device, uuid: gpu.uuid, can });
}

const best: PathName = "nvdec+nvenc";

async function breakerOf(uuid: string, folder: string): Promise<Breaker> {
  return (await recall(breakersFile(folder), Breakers))?.[uuid] ?? trusted;
}

/** Records how an encode on a GPU ended; `reason` is null for a success. */
export async function recordOutcome(uuid: string, reason: string | null, folder: string): Promise<void> {
  const breakers = (await recall(breakersFile(folder), Breakers)) ?? {};
  const before = breakers[uuid] ?? trusted;
  const after = reason === null ? trusted : afterFailure(before, Date.now(), reason);
  // No write while a GPU keeps working.
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  await remember(breakersFile(folder), { ...breakers, [uuid]: after });
}
