import { createInterface } from "node:readline/promises";
import { type Command, Option } from "commander";
import { compileAll, modulesOf } from "../../../canisters/compile.ts";
import { readModuleFolder } from "../../../canisters/module-folder.ts";
import { TypedError } from "../../base/typed-error.ts";
import { cyclesLedger } from "../../ic/canisters/cycles-ledger.ts";
import { apply } from "../../ic/deploy/apply.ts";
import { hashesOf } from "../../ic/deploy/install-kiln.ts";
import { observe } from "../../ic/deploy/observe.ts";
import type { Subnets } from "../../ic/deploy/place.ts";
import { cost, describe, plan, recoverySteps, type Step, type WantedSettings } from "../../ic/deploy/plan.ts";
import { writeDeployment } from "../../ic/network/deployment.ts";
import { count, cyclesOption, domains, principals, subnets, trillions } from "./deploy-options.ts";
import { type DeployTarget, deployTarget, type NetworkOptions, networkOptions } from "./deploy-target.ts";
import { refuseLosses } from "./refuse-losses.ts";

type Options = NetworkOptions & {
  subnet: Subnets;
  cycles: bigint;
  budget?: bigint;
  usersPerCanister?: number;
  pool?: number;
  userSubnets?: string[];
  mostPerSubnet?: number;
  fundBelow?: bigint;
  fundTo?: bigint;
  fundDaily?: bigint;
  fundReserve?: bigint;
  domain?: string[];
  modules?: string;
  yes?: true;
};

export default function deploy(command: Command): void {
  networkOptions(command)
    .addOption(
      new Option(
        "--subnet <principal>",
        "where new canisters go, or one: storage=<principal>; may be repeated",
      )
        .argParser(subnets)
        .default({ roles: {} }, "data_backup elsewhere than the rest"),
    )
    .addOption(cyclesOption("cycles of each new canister, three times as many for user_index"))
    .option("--budget <trillions>", "refuse a plan that needs more than this", trillions)
    .option("--users-per-canister <n>", "1: a canister for each user (user_index)", count)
    .option("--pool <n>", "user canisters kept ready (user_index)", count)
    .option(
      "--user-subnets <principals>",
      "where user canisters go, separated by commas (user_index)",
      principals,
    )
    .option("--most-per-subnet <n>", "the most user canisters on one subnet (user_index)", count)
    .option(
      "--fund-below <trillions>",
      "canisters with less, beyond what they freeze with, are topped up (user_index)",
      trillions,
    )
    .option(
      "--fund-to <trillions>",
      "what they have after that, beyond what they freeze with (user_index)",
      trillions,
    )
    .option(
      "--fund-daily <trillions>",
      "the most that all of them together get in a day (user_index)",
      trillions,
    )
    .option("--fund-reserve <trillions>", "what user_index keeps for itself", trillions)
    .option(
      "--domain <name>",
      "serve storage at this domain too, in place of former ones; may be repeated",
      domains,
    )
    .option("--modules <folder>", "what kiln canisters build left there, instead of this tree's canisters")
    .option("--yes", "do not ask for confirmation")
    .addHelpText(
      "after",
      `
Prints its plan first and asks for confirmation. Run again, it continues where it was interrupted, or upgrades what has
changed: each canister with a snapshot that is loaded again when the check fails, user canisters after a backup. An
upgrade that would lose state is refused before anything happens. On the Internet Computer the cycles come from the
identity's account in the cycles ledger.

Examples:
  kiln deploy                                 the running kiln localnet
  kiln deploy --network ic --identity me.pem --budget 40`,
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const target = await deployTarget(options);
  const { agent, canisters, payer } = target;
  if (options.modules === undefined) console.error("compiling the canisters...");
  const compiled = await (options.modules === undefined ? compileAll() : readModuleFolder(options.modules));
  const modules = modulesOf(compiled);
  const desired = {
    modules: hashesOf(modules),
    settings: settingsOf(options, (await agent.getPrincipal()).toText()),
    cycles: options.cycles,
    subnets: options.subnet,
    domains: options.domain,
  };
  const by = { agent, modules, payer, onCreated: target.remember, journal: target.journal };
  const still = recoverySteps(await observe(agent, canisters, target.underWay));
  if (still.length > 0) {
    if (!(await agreed(still, options))) return;
    await apply({ ...by, canisters, steps: still, onStep: say });
  }
  const steps = plan(await observe(agent, canisters), desired);
  if (steps.length === 0) {
    console.log("nothing to do: everything is as it should be");
    return;
  }
  await refuseLosses(target, steps, compiled);
  await refuseOverspending(target, steps, options.budget);
  if (!(await agreed(steps, options))) return;
  const installed = await apply({ ...by, canisters, steps, onStep: say });
  const { host, identity, file } = target;
  await writeDeployment(file, { host, identity, canisters: installed });
  for (const [name, id] of Object.entries(installed)) console.log(`${name.padEnd(22)}${id}`);
  console.log(`described in ${file}`);
}

const say = (step: Step) => console.error(describe(step));

async function agreed(steps: readonly Step[], { yes }: Options): Promise<boolean> {
  for (const step of steps) console.log(`- ${describe(step)}`);
  return yes ?? (await confirmed());
}

/** What was not named stays as it is. */
function settingsOf(options: Options, deployer: string): WantedSettings {
  const funding = {
    below: options.fundBelow,
    to: options.fundTo,
    daily_limit: options.fundDaily,
    reserve: options.fundReserve,
  };
  const settings = {
    operators: [deployer],
    users_per_canister: options.usersPerCanister,
    pool: options.pool,
    subnets: options.userSubnets,
    most_per_subnet: options.mostPerSubnet,
    funding: Object.values(funding).some((value) => value !== undefined) ? named(funding) : undefined,
  };
  return named(settings);
}

/** Without the undefined values. */
function named<Value extends object>(
  value: Value,
): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as object;
}

/** @throws TypedError BUDGET_EXCEEDED */
async function refuseOverspending(
  { agent, payer }: DeployTarget,
  steps: Step[],
  budget: bigint | undefined,
): Promise<void> {
  const needed = cost(steps);
  if (budget !== undefined && needed > budget)
    throw new TypedError("BUDGET_EXCEEDED", `the plan takes ${needed} cycles, the budget is ${budget}`);
  if (payer !== "ledger" || needed === 0n) return;
  const balance = await cyclesLedger(agent).balance();
  if (balance < needed)
    throw new TypedError(
      "BUDGET_EXCEEDED",
      `the plan takes ${needed} cycles, the account of ${(await agent.getPrincipal()).toText()} in the cycles ledger has ${balance}`,
    );
}

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new TypedError(
      "NOT_CONFIRMED",
      "there is no terminal to ask for confirmation: --yes does what is listed above",
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question("Do it? (yes/no) ")).trim());
  } finally {
    terminal.close();
  }
}
