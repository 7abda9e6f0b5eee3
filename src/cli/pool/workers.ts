import type { Command } from "commander";
import { printJson } from "../output.ts";
import { statusLines } from "./status-lines.ts";
import { withPool } from "./with-pool.ts";

type Options = { json?: true };

export default function workers(command: Command): void {
  command
    .command("list")
    .description("the workers that run, what each is doing and why it takes no jobs")
    .option("--json", "print one JSON document on standard output")
    .action(({ json }: Options) =>
      withPool(async ({ pool }) => {
        const status = await pool.status();
        const { workers, drainedHosts } = status;
        if (json) return printJson({ workers, drainedHosts });
        const shown = { ...status, queues: [], running: [], waiting: [], failed: [], rejected: [] };
        for (const line of statusLines(shown).slice(0, -2)) console.log(line);
        const absent = drainedHosts.filter((host) => !workers.some((worker) => worker.host === host));
        if (absent.length > 0) console.log(`drained, without a worker: ${absent.join(", ")}`);
      }),
    );

  command
    .command("drain")
    .description(
      "have a host finish its running jobs and take no more, also after a restart, until it is resumed",
    )
    .argument("<host>", "its name, as kiln workers list shows it before the slash")
    .action((host: string) =>
      withPool(async ({ registry }) => {
        await registry.drain(host);
        console.log(`${host} is draining: kiln status shows when its jobs are done`);
      }),
    );

  command
    .command("resume")
    .description("have a drained host take jobs again")
    .argument("<host>", "its name")
    .action((host: string) =>
      withPool(async ({ registry }) => {
        await registry.resume(host);
        console.log(`${host} takes jobs again`);
      }),
    );
}
