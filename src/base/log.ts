import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import { z } from "zod";

export type Log = Logger;

const levels = ["trace", "debug", "info", "warn", "error", "silent"] as const;

export const LogSettings = z
  .object({
    KILN_LOG_LEVEL: z
      .enum(levels)
      .default("info")
      .meta({ description: "what is logged, as JSON lines on standard error" }),
    KILN_DEBUG: z
      .string()
      .optional()
      .meta({ description: "`1`: prints the stack and the causes of every error" }),
  })
  .meta({ title: "Log" });

/**
 * Opens the log: a JSON object a line on standard error, so that standard output stays the command's own.
 * Lines about a video carry `video`, `stage` and `attempt`.
 */
export function openLog(level: (typeof levels)[number]): Log {
  // Written synchronously: the line that explains an exit must not be lost by that exit.
  return pino(
    { level, base: { pid: process.pid }, timestamp: stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }),
  );
}
