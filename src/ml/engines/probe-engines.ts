import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { type EngineName, engineNames } from "./engine.ts";

const Answer = z.union([z.strictObject({ device: z.string() }), z.strictObject({ reason: z.string() })]);

/** Whether an engine works on this machine: what it runs on, or why it does not work. */
export type EngineProbe = { name: EngineName } & z.output<typeof Answer>;

const program = fileURLToPath(new URL("probe-program.ts", import.meta.url));
const run = promisify(execFile);

/** Tries every engine, each in its own process: a process can have only one engine, and drivers may crash it. */
export async function probeEngines(tensorflow?: string): Promise<EngineProbe[]> {
  return await Promise.all(engineNames.map((name) => probe(name, tensorflow)));
}

async function probe(name: EngineName, tensorflow: string | undefined): Promise<EngineProbe> {
  try {
    const args = [program, name, ...(tensorflow ? [tensorflow] : [])];
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 });
    const line = stdout.trim().split("\n").at(-1) ?? "";
    return { name, ...Answer.parse(JSON.parse(line)) };
  } catch (error) {
    return { name, reason: `it crashed: ${String(error).split("\n")[0]}` };
  }
}
