/** What one ffmpeg may take before it is stopped: no honest video comes near it. */
export type Bounds = {
  seconds: number;
  /** Of private memory; null where a driver reserves more than it uses. */
  memoryBytes: number | null;
  /** Of every file that it writes. */
  fileBytes: number;
};

/** Bounds as options of prlimit(1); time is measured by the clock, by whoever runs it. */
export function resourceLimits({ memoryBytes, fileBytes }: Bounds): string {
  return [`--fsize=${fileBytes}`, ...(memoryBytes === null ? [] : [`--data=${memoryBytes}`])].join(" ");
}
