import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** The contract of `kiln demo --json`. */
export const DemoReport = z.strictObject({
  videos: z.array(
    z.strictObject({
      file: z.string(),
      id: z.string().nullable(),
      status: z.enum(["published", "rejected", "failed"]),
      reason: z.string().optional(),
      renditions: z.array(
        z.strictObject({ name: z.string(), width: z.int(), height: z.int(), bytes: z.int().positive() }),
      ),
      bytes: z.int().nonnegative(),
      seconds: z.number().positive(),
      url: z.url().nullable(),
      verified: z.boolean().nullable(),
    }),
  ),
  /** Null with fewer than three videos. */
  feed: z
    .strictObject({
      version: z.string(),
      objections: z.array(z.string()),
      feed: z.array(z.string()).min(1),
      index: z.array(z.string()),
    })
    .nullable(),
});

export interface RunningDemo extends AsyncDisposable {
  child: ChildProcess;
  /** Every process that the demo started has it in its environment. */
  mark: string;
  /** The document on standard output, as soon as it is complete. */
  report: Promise<z.infer<typeof DemoReport>>;
  /** All of standard error so far. */
  log: () => string;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
}

/** Starts `kiln demo --json` with these arguments, in the fastest encoding. */
export function runDemo(...args: string[]): RunningDemo {
  const mark = `KILN_TEST_MARK=${randomUUID()}`;
  const [name = "", value] = mark.split("=");
  const child = spawn(process.execPath, [main, "demo", "--json", ...args], {
    env: { ...process.env, [name]: value, KILN_X264_PRESET: "ultrafast", KILN_LADDER: "480,240" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  let printed = "";
  const report = new Promise<z.infer<typeof DemoReport>>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text) => {
      printed += text;
      if (printed.endsWith("}\n"))
        try {
          resolve(DemoReport.parse(JSON.parse(printed)));
        } catch (error) {
          reject(error);
        }
    });
    child.once("close", () => reject(new Error(`the demo ended without a report\n${printed}\n${said}`)));
  });
  report.catch(() => {});
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    child,
    mark,
    report,
    log: () => said,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
