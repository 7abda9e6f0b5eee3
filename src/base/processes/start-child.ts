import { fork } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { issuesOf } from "../zod-issues.ts";
import { rebuildError } from "./failure.ts";
import { FromChild, type Operation, type ToChild } from "./operation.ts";

/** A running child process. It takes one request at a time. */
export type Child = AsyncDisposable & {
  ask: <Request, Report, Answer>(
    operation: Operation<Request, Report, Answer>,
    request: Request,
    options: AskOptions<Report>,
  ) => Promise<Answer>;
  /** Whether it can still be asked. */
  alive: () => boolean;
  /** While it is idle, the child does not keep this process running. */
  idle: () => void;
};

export type AskOptions<Report> = {
  onReport?: ((report: Report) => void) | undefined;
  /** Aborted to stop the work: the child may clean up for `graceMs` (by default 0), then it is killed. */
  signal?: AbortSignal | undefined;
  graceMs?: number;
  /** Aborted to kill the child at once, whatever it is doing. */
  abandoned?: AbortSignal | undefined;
  /** Seconds for this request; then the child is killed. */
  seconds?: number | undefined;
};

/** A child process that ended, or was killed, before it answered; the message ends with its last lines of stderr. */
export class ChildLost extends Error {
  override readonly name = "ChildLost";
  readonly why: "ended" | "late" | "memory" | "protocol";
  /** Its last lines. */
  readonly stderr: string;

  constructor(why: ChildLost["why"], how: string, stderr: string) {
    super(stderr === "" ? how : `${how}\n${stderr}`);
    this.why = why;
    this.stderr = stderr;
  }
}

const watchMs = 100;
/** V8 reserves about half of it at its start. */
const reservedBytes = 1024 ** 3;
/** For a child to exit by itself once it is no longer needed. */
const exitMs = 2_000;
const tailBytes = 2_000;

/**
 * Starts a child process. The kernel kills it when this process dies, also by `kill -9`.
 * @param program a module that calls serveChild
 * @param memoryBytes resident memory above which it is killed; the kernel refuses it more than a gigabyte above that
 * @returns a child that has ended once it is disposed of
 */
export function startChild(program: URL, { memoryBytes }: { memoryBytes?: number | undefined } = {}): Child {
  const limit = memoryBytes === undefined ? [] : ["prlimit", `--data=${memoryBytes + reservedBytes}`];
  const child = fork(fileURLToPath(program), {
    execPath: "setpriv",
    execArgv: ["--pdeathsig", "KILL", ...limit, process.execPath],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Times and sizes may be infinite, which JSON cannot express.
    serialization: "advanced",
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-tailBytes);
  });
  const kill = () => child.kill("SIGKILL");
  /** Not at "exit", which may come before the last message. */
  const closed = new Promise<string>((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  /** A parent that disconnects first sees no "close". */
  const exited = new Promise((resolve) => child.once("error", resolve).once("exit", resolve));
  // The child's exit explains why a message cannot be sent.
  const send = (message: ToChild) => child.connected && child.send(message, () => {});
  const handles = [child, child.channel, child.stderr as unknown as { ref: () => void; unref: () => void }];

  return {
    alive: () => child.connected && child.exitCode === null && child.signalCode === null,
    idle() {
      for (const handle of handles) handle?.unref();
    },

    async ask<Request, Report, Answer>(
      operation: Operation<Request, Report, Answer>,
      request: Request,
      { onReport, signal, graceMs = 0, abandoned, seconds }: AskOptions<Report>,
    ) {
      signal?.throwIfAborted();
      for (const handle of handles) handle?.ref();
      stderr = "";
      let killedFor: { why: ChildLost["why"]; how: string } | undefined;
      const end = (why: ChildLost["why"], how: string) => {
        killedFor ??= { why, how };
        kill();
      };
      const timers: NodeJS.Timeout[] = [];
      if (seconds !== undefined)
        timers.push(setTimeout(() => end("late", `killed after ${seconds} s`), seconds * 1000));
      if (memoryBytes !== undefined)
        timers.push(
          setInterval(() => {
            if (residentBytes(child.pid) > memoryBytes)
              end("memory", `killed above ${Math.round(memoryBytes / 1024 ** 2)} MiB of memory`);
          }, watchMs),
        );
      const stop = () => {
        send({ type: "stop" });
        if (graceMs > 0) timers.push(setTimeout(kill, graceMs));
        else kill();
      };
      signal?.addEventListener("abort", stop, { once: true });
      abandoned?.addEventListener("abort", kill, { once: true });

      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const fail = (error: Error) => reject(signal?.aborted ? signal.reason : error);
      const read = <Value>(schema: z.ZodType<Value>, raw: unknown, use: (value: Value) => void) => {
        const { success, data, error } = schema.safeParse(raw);
        if (success) use(data);
        // Nothing else that comes from such a child can be trusted.
        else end("protocol", `killed for an invalid message: ${issuesOf(error)}`);
      };
      const receive = (raw: unknown) => {
        if (killedFor !== undefined) return;
        read(FromChild, raw, (message) => {
          if (message.type === "failure") fail(rebuildError(message.failure));
          else if (message.type === "answer") read(operation.answer, message.answer, resolve);
          else read(operation.report, message.report, (report) => onReport?.(report));
        });
      };
      child.on("message", receive);
      void closed.then((how) =>
        fail(new ChildLost(killedFor?.why ?? "ended", killedFor?.how ?? how, lastLines(stderr))),
      );
      try {
        send({ type: "request", operation: operation.name, request });
        return await promise;
      } finally {
        for (const timer of timers) clearTimeout(timer);
        child.off("message", receive);
        signal?.removeEventListener("abort", stop);
        abandoned?.removeEventListener("abort", kill);
      }
    },

    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      const killer = setTimeout(kill, exitMs);
      await exited;
      clearTimeout(killer);
    },
  };
}

/** Without the stacks that Node prints of a crash. */
const lastLines = (stderr: string) => stderr.split(/^-+ \w+ stack trace -+$/m)[0]!.trim();

/** Of a process that is there; else 0. */
function residentBytes(pid: number | undefined): number {
  try {
    const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
