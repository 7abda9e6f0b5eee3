import { spawn } from "node:child_process";
import { once } from "node:events";
import { TypedError } from "../../../base/typed-error.ts";

/**
 * Runs a program to its end. Its output goes to standard error, because standard output is for results.
 * @throws TypedError ENGINE_INSTALL_FAILED with the last lines that it printed
 */
export async function runTool(command: readonly string[], signal?: AbortSignal): Promise<void> {
  const [program, ...args] = command;
  const inherit = process.stderr.isTTY;
  const child = spawn(program!, args, {
    stdio: ["ignore", inherit ? process.stderr : "pipe", "pipe"],
    ...(signal ? { signal } : {}),
  });
  let tail = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (data: Buffer) => {
      tail = (tail + data.toString()).slice(-2000);
    });
  const [code] = await once(child, "close");
  if (code !== 0)
    throw new TypedError(
      "ENGINE_INSTALL_FAILED",
      `${command.slice(0, 4).join(" ")} failed (exit code ${code}):\n${tail.trim()}`,
    );
}

/** Whether a program can be started and exits successfully. */
export async function toolRuns(command: readonly string[]): Promise<boolean> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: "ignore" });
  return await new Promise((answer) => {
    child.once("error", () => answer(false)).once("close", (code) => answer(code === 0));
  });
}
