import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { cyclesLedger } from "../../ic/canisters/cycles-ledger.ts";
import { neededCycles } from "../../ic/canisters/needed-cycles.ts";
import { userIndexClient } from "../../ic/canisters/user-index-client.ts";
import { duration, trillions } from "../deploy/deploy-options.ts";
import {
  type DeployedTarget,
  deployedTarget,
  type NetworkOptions,
  networkOptions,
} from "../deploy/deploy-target.ts";
import { stopSignal } from "../stop-signal.ts";
import { fundingJournal } from "./funding-journal.ts";
import { healthOf } from "./health-of.ts";

type Limits = { belowDays: number; trillions: bigint; dailyLimit: bigint };
type Options = NetworkOptions & Limits & { from: "user_index" | "account"; watch?: number | true };

/** Minutes between two rounds. */
const hour = 60;

export default function fund(command: Command): void {
  const cycles = (flags: string, what: string, standard: bigint) =>
    // JSON, in which commander would show the default, has no bigint.
    new Option(flags, `with --from account: ${what}`)
      .argParser(trillions)
      .default(standard * 1_000_000_000_000n, `${standard}`);
  networkOptions(command)
    .description("top up canisters that run low, from user_index or from this identity's account")
    .addOption(
      new Option("--from <funder>", "who pays").choices(["user_index", "account"]).default("user_index"),
    )
    .option("--below-days <n>", "with --from account: days left that count as low", duration, 30)
    .addOption(cycles("--trillions <n>", "what one that is low gets at least", 1n))
    .addOption(cycles("--daily-limit <n>", "trillions of one UTC day at most, over all runs", 10n))
    .option("--watch [minutes]", `repeat it after so many minutes, ${hour} without a number`, duration)
    .addHelpText(
      "after",
      `
From user_index: a round of its funder, which makes one every hour by itself (kiln deploy --fund-below...).
From the account, which the cycles ledger keeps: every canister, user_index too, which is low when its reserve leaves
nothing for another canister. What was paid to whom and when is kept in funding.jsonl beside the deployment. Exit code 1
when one stays low.

Example:
  kiln canisters fund --network ic --identity me.pem --from account --daily-limit 20 --watch`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const target = await deployedTarget(options);
  const round = options.from === "user_index" ? () => fromUserIndex(target) : fromAccount(target, options);
  if (options.watch === undefined) {
    if (!(await round())) process.exitCode = 1;
    return;
  }
  const signal = stopSignal();
  const minutes = options.watch === true ? hour : options.watch;
  console.error(`every ${minutes} minutes, until Ctrl-C`);
  while (!signal.aborted) {
    await round(signal).catch(complain);
    await sleep(minutes * 60_000, undefined, { signal }).catch(() => {});
  }
}

/** What fails now may succeed in the next round. */
function complain(error: unknown): void {
  if (!(error instanceof TypedError)) throw error;
  console.error(`${error.code}: ${error.message}`);
}

/** @returns whether no canister stays low */
async function fromUserIndex({ agent, canisters }: DeployedTarget): Promise<boolean> {
  const index = userIndexClient({ agent, canisterId: canisters.user_index });
  await index.fund();
  const { spent_today, watched, low } = await index.funding();
  for (const { canister, received } of watched)
    if (received > 0n) console.log(`${canister} received ${received} cycles`);
  const failed = [...watched, ...low].filter(({ failure }) => failure !== "");
  for (const { canister, failure } of failed) console.error(`${canister}: ${failure}`);
  console.log(`user_index has spent ${spent_today} cycles today`);
  return failed.length === 0;
}

/** @returns a round, which returns whether no canister stays low */
function fromAccount(target: DeployedTarget, limits: Limits) {
  const { agent, canisters, file } = target;
  const journal = fundingJournal(file);
  const ledger = cyclesLedger(agent);
  const index = userIndexClient({ agent, canisterId: canisters.user_index });

  async function pay(id: string, needed: bigint): Promise<bigint> {
    const { cycles, giveBack } = await journal.claim(id, needed, limits.dailyLimit);
    if (cycles === 0n) return 0n;
    await ledger.topUp(id, cycles).catch(async (error: unknown) => {
      if (error instanceof TypedError && error.code === "CYCLES_REFUSED") await giveBack();
      throw error;
    });
    return cycles;
  }

  return async (signal?: AbortSignal): Promise<boolean> => {
    // A frozen user_index cannot report its settings: it gets what unfreezes it.
    const funding = await index.settings().then(
      (settings) => settings.funding,
      () => ({ reserve: 0n, to: 0n }),
    );
    const policy = {
      belowDays: limits.belowDays,
      atLeast: limits.trillions,
      userIndex: funding.reserve + funding.to,
    };
    let well = true;
    for (const health of await healthOf(target)) {
      if (signal?.aborted) break;
      const { name, id, failure } = health;
      const needed = failure === "" ? neededCycles(health, policy) : 0n;
      const received = needed === 0n ? 0n : await pay(id, needed);
      if (received > 0n) console.log(`${name} ${id} received ${inTrillions(received)} T`);
      if (failure !== "") console.error(failure);
      else if (received < needed)
        console.error(`LOW: ${name} ${id}: the day's limit of ${inTrillions(limits.dailyLimit)} T is spent`);
      well &&= failure === "" && received === needed;
    }
    return well;
  };
}

function inTrillions(cycles: bigint): string {
  return (Number(cycles) / 1e12).toFixed(3);
}
