import { Argument, type Command } from "commander";
import type { Pool, PoolStage } from "../../queues/pool-status.ts";
import { poolStages } from "../../queues/pool-status.ts";
import { printJson, printTable } from "../output.ts";
import { duration } from "./status-lines.ts";
import { withPool } from "./with-pool.ts";

type Options = { json?: true };

export default function queues(command: Command): void {
  command
    .command("list")
    .description("how many jobs wait, run and wait for their next try, by stage")
    .option("--json", "print one JSON document on standard output")
    .action(({ json }: Options) => withPool(({ pool }) => print(pool, json)));

  for (const [name, description] of [
    ["pause", "have no host take jobs of these stages until they are resumed; running ones go on"],
    ["resume", "have the hosts take jobs of these stages again"],
  ] as const)
    command
      .command(name)
      .description(description)
      .addArgument(new Argument("[stages...]", "default: all").choices(poolStages))
      .option("--json", "print one JSON document on standard output")
      .action((stages: PoolStage[], { json }: Options) =>
        withPool(async ({ pool }) => {
          await pool[name](stages.length === 0 ? poolStages : stages);
          await print(pool, json);
        }),
      );
}

async function print(pool: Pool, json?: true): Promise<void> {
  const queues = await pool.queueStatus();
  if (json) return printJson({ queues });
  printTable(
    ["stage", "waiting", "active", "delayed", "oldest", ""],
    queues.map(({ stage, waiting, active, delayed, oldest, paused }) => [
      ...[stage, `${waiting}`, `${active}`, `${delayed}`],
      oldest === undefined ? "" : duration(Date.now() - oldest),
      paused ? "paused" : "",
    ]),
  );
}
