import type { Policy } from "./settings.ts";

/** What one ffmpeg may use before it is stopped; no ordinary video comes close. */
export type Bounds = {
  seconds: number;
  /** Private memory; null where a driver reserves more than it uses. */
  memoryBytes: number | null;
  /** Of each file that it writes; null where the plan does not determine it. */
  fileBytes: number | null;
};

/** The bounds on memory and files as options of prlimit(1); the caller bounds the time. */
export const resourceLimits = ({ memoryBytes, fileBytes }: Omit<Bounds, "seconds">): string[] => [
  ...(fileBytes === null ? [] : [`--fsize=${fileBytes}`]),
  ...(memoryBytes === null ? [] : [`--data=${memoryBytes}`]),
];

export type RunPolicy = Pick<Policy, "stallSeconds" | "encodeSeconds" | "memoryBytes">;

/** Bounds of an ffmpeg that measures, or that encodes sound. */
export const softwareBounds = ({ stallSeconds, encodeSeconds, memoryBytes }: RunPolicy) => ({
  stallMs: stallSeconds * 1000,
  bounds: { seconds: encodeSeconds, memoryBytes, fileBytes: null },
});
