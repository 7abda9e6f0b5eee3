/** What one ffmpeg may use before it is stopped; no ordinary video comes close. */
export type Bounds = {
  seconds: number;
  /** Private memory; null where a driver reserves more than it uses. */
  memoryBytes: number | null;
  /** Of each file that it writes. */
  fileBytes: number;
};

/** The bounds on memory and files as options of prlimit(1); the caller bounds the time. */
export function resourceLimits({ memoryBytes, fileBytes }: Bounds): string {
  return [`--fsize=${fileBytes}`, ...(memoryBytes === null ? [] : [`--data=${memoryBytes}`])].join(" ");
}
