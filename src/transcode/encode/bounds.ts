import type { Bounds } from "../base/resource-limits.ts";
import type { Policy } from "../base/settings.ts";
import { type EncodePath, encodePaths } from "../gpu/encode-path.ts";
import { perSecond } from "../plan/frame-rate.ts";
import { pictureKinds } from "../plan/picture-plan.ts";
import type { EncodePlan } from "../plan/plan.ts";

/** How far an encoder may exceed its ceiling, and a size that any file may have. */
const margin = { factor: 2, bytes: 16 * 1024 ** 2 };

/** Bounds of an encode: a file may be twice as large as the plan allows. Pure. */
export function boundsOf(
  { renditions, pictures, frames, frameRate }: EncodePlan,
  path: EncodePath,
  { encodeSeconds, memoryBytes }: Pick<Policy, "encodeSeconds" | "memoryBytes">,
): Bounds {
  const seconds = frames / perSecond(frameRate);
  const largest = Math.max(
    ...renditions.map(({ maxrate, bufsize }) => (maxrate * seconds + bufsize) / 8),
    ...pictureKinds.map((kind) => pictures[kind].width * pictures[kind].height * 3 * pictures[kind].count),
  );
  const { decode, encode } = encodePaths[path.name];
  return {
    seconds: encodeSeconds,
    memoryBytes: decode === "card" || encode === "card" ? null : memoryBytes,
    fileBytes: Math.ceil(largest * margin.factor) + margin.bytes,
  };
}
