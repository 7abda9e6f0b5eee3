import { join } from "node:path";
import { type Command, Option } from "commander";
import { type CanisterHealth, canisterHealth } from "../ic/canister-health.ts";
import type { Restored, Scope } from "../ic/copy-user.ts";
import { cyclesLedger } from "../ic/cycles-ledger.ts";
import { canistersOf } from "../ic/directory.ts";
import { drill } from "../ic/drill.ts";
import { restore } from "../ic/restore.ts";
import { downloadSnapshot } from "../ic/snapshot-download.ts";
import { uploadSnapshot } from "../ic/snapshot-upload.ts";
import { loadSnapshot, takeSnapshot } from "../ic/snapshots.ts";
import { userIndexClient } from "../ic/user-index-client.ts";
import { userRecords } from "../ic/user-records.ts";
import { TypedError } from "../telemetry/typed-error.ts";
import addBucket from "./canisters-add-bucket.ts";
import build from "./canisters-build.ts";
import { type DeployedTarget, deployedTarget, type NetworkOptions, networkOptions } from "./deploy-target.ts";
import { printTable } from "./table.ts";

export default function canisters(command: Command): void {
  command.description("what is deployed: how it is, and what to do when something was lost");

  build(command.command("build"));
  addBucket(command.command("add-bucket"));

  on(
    command.command("status"),
    "balance, burn, days left and memory of each canister; exit code 1 if one runs low",
  )
    .option("--warn-days <n>", "what counts as low", Number, 30)
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

  on(
    command.command("fund"),
    "top up canisters that run low, from user_index or from this identity's account",
  )
    .addOption(
      new Option("--from <funder>", "who pays").choices(["user_index", "account"]).default("user_index"),
    )
    .option("--below-days <n>", "with --from account: what counts as low", Number, 30)
    .option("--trillions <n>", "with --from account: what each gets", Number, 1)
    .option("--daily-limit <n>", "with --from account: trillions of one run at most", Number, 10)
    .action(fund);

  on(
    command.command("snapshot"),
    "take a snapshot of canisters (all of Kiln's own without ids); stops them meanwhile",
  )
    .argument("[ids...]")
    .option("--download <folder>", "also bring each to disk, into a folder of its id there, with checksums")
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

  on(command.command("restore"), "go back: one canister to a snapshot, or users to what data_backup has")
    .option("--canister <id>", "the canister")
    .option("--snapshot <hex>", "with --canister: load this snapshot into it")
    .option("--upload <folder>", "with --canister: a snapshot that was downloaded there")
    .option("--user <principal>", "this user from data_backup, into a fresh canister")
    .option("--everything", "all users from data_backup, into fresh canisters")
    .addHelpText(
      "after",
      `
Without --snapshot, --canister restores all users of that canister from data_backup. What broke off is done by
doing it again. Emptied canisters are out of service with what they held: kiln canisters recycle.`,
    )
    .action(restoreCommand);

  on(
    command.command("recycle"),
    "put canisters whose users were all restored elsewhere back into the pool; what they held is gone",
  )
    .argument("<ids...>")
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
    "take back what was assigned to users who never did anything; by itself it does so every hour",
  )
    .option("--after-days <n>", "from now on: of those who came so long ago; 0: never", Number)
    .action(async (options: NetworkOptions & { afterDays?: number }) => {
      const { agent, canisters: all } = await deployedTarget(options);
      const index = userIndexClient({ agent, canisterId: all.user_index });
      if (options.afterDays !== undefined && !(options.afterDays >= 0))
        throw new TypedError("AFTER_DAYS_INVALID", "--after-days is a number of days: 0 for never");
      if (options.afterDays !== undefined) await index.configureSweep(options.afterDays);
      console.log(`${await index.sweep()} users were released`);
    });

  on(command.command("drill"), "restore copies into fresh canisters and compare every byte; nobody moves")
    .option("--user <principal>", "only this user")
    .option("--canister <id>", "only users of this canister")
    .action(async (options: NetworkOptions & { user?: string; canister?: string }) => {
      const { agent, canisters: all } = await deployedTarget(options);
      const scope = scopeOf({ everything: !options.user && !options.canister, ...options });
      say("identical", await drill({ agent, canisters: all, scope }));
    });
}

function on(command: Command, summary: string): Command {
  return networkOptions(command.description(summary));
}

async function healthOf({ agent, canisters: all }: DeployedTarget): Promise<CanisterHealth[]> {
  const named = Object.entries(all).map(([name, id]) => ({ name, id }));
  for (const id of await canistersOf(agent, all.global_configuration, "storage"))
    if (id !== all.storage) named.push({ name: "storage", id });
  const index = userIndexClient({ agent, canisterId: all.user_index });
  for await (const { id, state } of index.canisters()) named.push({ name: `user (${state})`, id });
  return Promise.all(named.map((canister) => canisterHealth(agent, canister)));
}

const headings = ["canister", "id", "state", "cycles (T)", "burns a day (G)", "days left", "memory (MiB)"];

function row({ name, id, state, cycles, perDay, daysLeft, memory }: CanisterHealth): string[] {
  const trillions = (value: bigint) => (Number(value) / 1e12).toFixed(3);
  const days = daysLeft === Number.POSITIVE_INFINITY ? "-" : String(Math.floor(daysLeft));
  const mebibytes = (Number(memory) / 2 ** 20).toFixed(1);
  return [name, id, state, trillions(cycles), (Number(perDay) / 1e9).toFixed(3), days, mebibytes];
}

async function fund(
  options: NetworkOptions & { from: string; belowDays: number; trillions: number; dailyLimit: number },
): Promise<void> {
  const target = await deployedTarget(options);
  if (options.from === "user_index") {
    const index = userIndexClient({ agent: target.agent, canisterId: target.canisters.user_index });
    await index.fund();
    const { spent_today, watched, low } = await index.funding();
    for (const { canister, received } of watched)
      if (received > 0n) console.log(`${canister} received ${received} cycles`);
    for (const { canister, failure } of [...watched, ...low])
      if (failure !== "") console.error(`${canister}: ${failure}`);
    console.log(`user_index has spent ${spent_today} cycles today`);
    return;
  }
  let left = options.dailyLimit;
  for (const { name, id, daysLeft } of await healthOf(target)) {
    if (daysLeft >= options.belowDays || left < options.trillions) continue;
    await cyclesLedger(target.agent).topUp(id, BigInt(Math.round(options.trillions * 1000)) * 1_000_000_000n);
    left -= options.trillions;
    console.log(`${name} ${id} received ${options.trillions} T`);
  }
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
    say("restored", restored);
    if (restored.left > 0) {
      console.error(`${restored.left} users stay where they are: data_backup has no copies of them`);
      process.exitCode = 1;
    }
    return;
  }
  if (options.canister === undefined)
    throw new TypedError("SCOPE_UNKNOWN", "which canister? Name it with --canister");
  const snapshot =
    options.snapshot ??
    (await uploadSnapshot({ agent, canisterId: options.canister, folder: options.upload! }));
  await loadSnapshot(agent, options.canister, snapshot);
  // A user canister's copies elsewhere know what came after the snapshot: they are made anew.
  if (!Object.values(all).includes(options.canister))
    await userRecords({ agent, canisterId: options.canister }).rewound();
  console.log(`${options.canister} is as it was when the snapshot was taken`);
}

function scopeOf(options: { user?: string; canister?: string; everything?: boolean }): Scope {
  if (options.user !== undefined) return { user: options.user };
  if (options.canister !== undefined) return { canister: options.canister };
  if (options.everything) return "everything";
  throw new TypedError("SCOPE_UNKNOWN", "what shall be restored? --user, --canister or --everything");
}

function say(what: string, { users, records, bytes, canisters: filled }: Restored): void {
  for (const { from, to } of filled) console.log(`${from} -> ${to}`);
  console.log(`${what}: ${users} users, ${records} records, ${bytes} bytes compared`);
}
