import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { TypedError } from "../base/typed-error.ts";
import { Analysis } from "./analysis.ts";
import type { AnalysisInput } from "./analysis-input.ts";
import type { Request } from "./request.ts";
import type { ModerationPolicy } from "./settings.ts";

const program = fileURLToPath(new URL("program.ts", import.meta.url));

/**
 * Judges and describes a video in a process of its own, which the kernel ends with this one: the network's memory
 * goes with it, and what crashes there is an error here.
 * @throws TypedError ANALYSIS_FAILED: nobody has judged the video, so it must not become public
 * @throws the signal's reason when it was aborted
 */
export async function analyse(
  input: AnalysisInput,
  policy: ModerationPolicy,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<Analysis> {
  signal?.throwIfAborted();
  const child = fork(program, {
    execPath: "setpriv",
    execArgv: ["--pdeathsig", "KILL", process.execPath],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const ended = once(child, "close");
  const stop = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  let answer: unknown;
  child.on("message", (message) => {
    answer = message;
  });
  child.send({ input, policy } satisfies Request, () => {});
  const [code, killedBy] = await ended;
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
  const { data, error } = Analysis.safeParse(answer);
  if (data !== undefined) return data;
  const why = answer === undefined ? `it ended with ${killedBy ?? `exit code ${code}`}` : error.message;
  throw new TypedError(
    "ANALYSIS_FAILED",
    `the content could not be judged (${why}; ${lastLine(said)}), so the video stays unpublished; KILN_MODERATION=off publishes without a verdict`,
  );
}

/** The sentence of a stack trace, where there is one. */
function lastLine(said: string): string {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
