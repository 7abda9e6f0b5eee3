import { join } from "node:path";
import type { Command } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import type { CanisterHealth } from "../../ic/canisters/canister-health.ts";
import { userIndexClient } from "../../ic/canisters/user-index-client.ts";
import { userRecords } from "../../ic/canisters/user-records.ts";
import type { Restored, Scope } from "../../ic/recovery/copy-user.ts";
import { drill } from "../../ic/recovery/drill.ts";
import { restore } from "../../ic/recovery/restore.ts";
import { downloadSnapshot } from "../../ic/recovery/snapshot-download.ts";
import { uploadSnapshot } from "../../ic/recovery/snapshot-upload.ts";
import { loadSnapshot, takeSnapshot } from "../../ic/recovery/snapshots.ts";
import { duration, more, principal, snapshotId } from "../deploy/deploy-options.ts";
import { deployedTarget, type NetworkOptions, networkOptions } from "../deploy/deploy-target.ts";
import { printTable } from "../output.ts";
import addBucket from "./canisters-add-bucket.ts";
import build from "./canisters-build.ts";
import fund from "./canisters-fund.ts";
import { healthOf } from "./health-of.ts";

export default function canisters(command: Command): void {
  command.description("manage the deployed canisters: their health, and recovery from losses");

  build(command.command("build"));
  addBucket(command.command("add-bucket"));

  on(
    command.command("status"),
    "balance, burn, days left and memory of each canister; exit code 1 if one runs low",
  )
    .option("--warn-days <n>", "days left that count as low", duration, 30)
    .action(async (options: NetworkOptions & { warnDays: number }) => {
      const health = await healthOf(await deployedTarget(options));
      printTable(headings, health.map(row));
      const low = health.filter(({ daysLeft, failure }) => failure !== "" || daysLeft < options.warnDays);
      for (const { name, id, daysLeft, failure } of low)
        console.error(
          failure || `LOW: ${name} ${id} has cycles for ${Math.floor(daysLeft)} days: kiln canisters fund`,
        );
      if (low.length > 0) process.exitCode = 1;
    });

  fund(command.command("fund"));

  on(command.command("snapshot"), "take snapshots of canisters, which are stopped meanwhile")
    .argument("[ids...]", "canisters (default: all of Kiln's own)", more)
    .option("--download <folder>", "also save each on disk, in a folder named after its id, with checksums")
    .action(async (ids: string[], options: NetworkOptions & { download?: string }) => {
      const target = await deployedTarget(options);
      for (const id of ids.length > 0 ? ids : Object.values(target.canisters)) {
        const { snapshot, bytes } = await takeSnapshot(target.agent, id);
        console.log(`${id}  ${snapshot}  ${bytes} bytes`);
        if (options.download === undefined) continue;
        const folder = join(options.download, id);
        await downloadSnapshot({ agent: target.agent, canisterId: id, snapshot, folder });
        console.log(`${id}  ${folder}`);
      }
    });

  on(command.command("restore"), "restore a canister from a snapshot, or users from data_backup")
    .option("--canister <id>", "the canister", principal)
    .option("--snapshot <hex>", "with --canister: load this snapshot into it", snapshotId)
    .option("--upload <folder>", "with --canister: load the snapshot that was downloaded into this folder")
    .option("--user <principal>", "this user from data_backup, into a fresh canister", principal)
    .option("--everything", "all users from data_backup, into fresh canisters")
    .addHelpText(
      "after",
      `
Without --snapshot or --upload, --canister restores all users of that canister from data_backup. After an interruption
run it again: it continues. The emptied canisters keep their data, out of service, until kiln canisters recycle.`,
    )
    .action(restoreCommand);

  on(
    command.command("recycle"),
    "put canisters whose users were all restored elsewhere back into the pool; deletes their data",
  )
    .argument("<ids...>", "canisters", more)
    .action(async (ids: string[], options: NetworkOptions) => {
      const { agent, canisters: all } = await deployedTarget(options);
      const index = userIndexClient({ agent, canisterId: all.user_index });
      for (const id of ids) {
        await index.endRestore(id);
        console.log(id);
      }
    });

  on(
    command.command("sweep"),
    "release canisters of users who never did anything; this also happens every hour by itself",
  )
    .option("--after-days <n>", "from now on: release users who joined so many days ago; 0: never", Number)
    .action(async (options: NetworkOptions & { afterDays?: number }) => {
      const { agent, canisters: all } = await deployedTarget(options);
      const index = userIndexClient({ agent, canisterId: all.user_index });
      if (options.afterDays !== undefined && !(options.afterDays >= 0))
        throw new TypedError("AFTER_DAYS_INVALID", "--after-days is a number of days: 0 for never");
      if (options.afterDays !== undefined) await index.configureSweep(options.afterDays);
      console.log(`${await index.sweep()} users were released`);
    });

  on(command.command("drill"), "restore copies into fresh canisters and compare every byte; moves no user")
    .option("--user <principal>", "only this user", principal)
    .option("--canister <id>", "only users of this canister", principal)
    .action(async (options: NetworkOptions & { user?: string; canister?: string }) => {
      const { agent, canisters: all } = await deployedTarget(options);
      const scope = scopeOf({ everything: !options.user && !options.canister, ...options });
      report("identical", await drill({ agent, canisters: all, scope }));
    });
}

function on(command: Command, summary: string): Command {
  return networkOptions(command.description(summary));
}

const headings = ["canister", "id", "state", "cycles (T)", "burns a day (G)", "days left", "memory (MiB)"];

function row({ name, id, state, cycles, perDay, daysLeft, memory }: CanisterHealth): string[] {
  const trillions = (value: bigint) => (Number(value) / 1e12).toFixed(3);
  const days = daysLeft === Number.POSITIVE_INFINITY ? "-" : String(Math.floor(daysLeft));
  const mebibytes = (Number(memory) / 2 ** 20).toFixed(1);
  return [name, id, state, trillions(cycles), (Number(perDay) / 1e9).toFixed(3), days, mebibytes];
}

async function restoreCommand(
  options: NetworkOptions & {
    canister?: string;
    snapshot?: string;
    upload?: string;
    user?: string;
    everything?: true;
  },
): Promise<void> {
  const target = await deployedTarget(options);
  const { agent, canisters: all } = target;
  if (options.snapshot === undefined && options.upload === undefined) {
    const restored = await restore({ agent, canisters: all, scope: scopeOf(options) });
    report("restored", restored);
    if (restored.left > 0) {
      console.error(`${restored.left} users were not restored: data_backup has no copies of them`);
      process.exitCode = 1;
    }
    return;
  }
  if (options.canister === undefined)
    throw new TypedError("SCOPE_UNKNOWN", "name the canister with --canister");
  const snapshot =
    options.snapshot ??
    (await uploadSnapshot({ agent, canisterId: options.canister, folder: options.upload! }));
  await loadSnapshot(agent, options.canister, snapshot);
  // The copies of a user canister include changes after the snapshot: they are made again.
  if (!Object.values(all).includes(options.canister))
    await userRecords({ agent, canisterId: options.canister }).rewound();
  console.log(`${options.canister} is as it was when the snapshot was taken`);
}

function scopeOf(options: { user?: string; canister?: string; everything?: boolean }): Scope {
  if (options.user !== undefined) return { user: options.user };
  if (options.canister !== undefined) return { canister: options.canister };
  if (options.everything) return "everything";
  throw new TypedError("SCOPE_UNKNOWN", "name what to restore: --user, --canister or --everything");
}

function report(what: string, { users, records, bytes, canisters: filled, failed }: Restored): void {
  for (const { from, to } of filled) console.log(`${from} -> ${to}`);
  console.log(`${what}: ${users} users, ${records} records, ${bytes} bytes compared`);
  for (const { user, from, reason } of failed) console.error(`FAILED: ${user} of ${from}: ${reason}`);
  if (failed.length === 0) return;
  console.error(
    `${failed.length} users were skipped: run it again with --canister, or with --user, to try them again`,
  );
  process.exitCode = 1;
}
