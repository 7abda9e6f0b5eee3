import { setTimeout as sleep } from "node:timers/promises";
import type { HttpAgent } from "@dfinity/agent";
import type { DeployedCanister } from "../../base/canister-names.ts";
import { TypedError } from "../../base/typed-error.ts";
import { grantRole, registerCanister } from "../canisters/roles.ts";
import { type Upgrades, userIndexClient } from "../canisters/user-index-client.ts";
import { type FoundCanisters, KilnCanisters } from "../network/deployment.ts";
import { argumentsOf } from "./arguments.ts";
import { create, type Payer } from "./create.ts";
import { publishDomains } from "./domains.ts";
import { installCanister, startCanister } from "./install.ts";
import { answers } from "./observe.ts";
import { type Step, settled } from "./plan.ts";
import { type Journal, replaceCode, settleReplacement } from "./replace-code.ts";

export type KilnModules = Record<DeployedCanister | "user", Uint8Array>;

/** Milliseconds between two polls of a rollout's progress. */
const pause = 500;

/**
 * Carries out a plan, step by step.
 * @param options.canisters those that there are
 * @param options.onStep told before each step
 * @param options.onCreated told at once, so that a canister that was paid for is never lost
 * @returns all of them
 * @throws TypedError those of installCanister, replaceCode, UNAUTHORIZED, ROLLOUT_PAUSED
 */
export async function apply(options: {
  agent: HttpAgent;
  modules: KilnModules;
  canisters: FoundCanisters;
  steps: readonly Step[];
  payer: Payer;
  onStep?: ((step: Step) => void) | undefined;
  onCreated?: ((canisters: FoundCanisters) => Promise<void>) | undefined;
  /** Without a journal, a killed process leaves a snapshot behind and its upgrade unfinished. */
  journal?: Journal | undefined;
}): Promise<KilnCanisters> {
  const { agent, modules, steps, payer, onStep, onCreated, journal = async () => {} } = options;
  const created: FoundCanisters = { ...options.canisters };
  const deployer = (await agent.getPrincipal()).toText();
  const all = () => KilnCanisters.parse(created);
  for (const step of steps) {
    onStep?.(step);
    switch (step.do) {
      case "create":
        created[step.canister] = await create(agent, { ...step, payer, canisters: created });
        await onCreated?.(created);
        break;
      case "install": {
        const arg = argumentsOf(step.canister, all(), deployer);
        const canisterId = all()[step.canister];
        await installCanister({ agent, wasm: modules[step.canister], arg, canisterId, mode: "install" });
        break;
      }
      case "upgrade": {
        const canisterId = step.bucket ?? all()[step.canister];
        await replaceCode({
          agent,
          journal,
          canisterId,
          wasm: modules[step.canister],
          arg: argumentsOf(step.canister, all(), deployer),
          healthy: () => answers(agent, step.canister, canisterId),
        });
        break;
      }
      case "settle": {
        const healthy = () => answers(agent, step.canister, step.underWay.canister);
        await settleReplacement({ agent, journal, healthy }, step.underWay);
        break;
      }
      case "start":
        await startCanister(agent, created[step.canister]!);
        break;
      case "publish":
        await grantRole(agent, all().global_configuration, deployer, "publisher");
        break;
      case "register":
        await registerCanister(agent, all().global_configuration, {
          id: all()[step.canister],
          kind: step.canister,
        });
        break;
      case "fund":
        await userIndexClient({ agent, canisterId: all().user_index }).watch(all()[step.canister]);
        break;
      case "configure": {
        const client = userIndexClient({ agent, canisterId: all().user_index });
        await client.configure(settled(await client.settings(), step.settings));
        break;
      }
      case "serve domains":
        await publishDomains(agent, all().storage, step.domains);
        break;
      case "roll out":
        await rollOut(agent, all().user_index, modules.user, step.to);
        break;
    }
  }
  return all();
}

/**
 * Rolls out a module to all user canisters and waits for the end.
 * @throws TypedError ROLLOUT_PAUSED with the canisters that failed; they still run the former module
 */
export async function rollOut(
  agent: HttpAgent,
  userIndex: string,
  module: Uint8Array,
  version: string,
): Promise<Upgrades> {
  const client = userIndexClient({ agent, canisterId: userIndex });
  await client.sendModule(version, module);
  await client.startUpgrades();
  for (;;) {
    const upgrades = await client.upgrades();
    if (upgrades.state === "done") return upgrades;
    if (upgrades.state === "paused") throw pausedRollout(upgrades);
    await sleep(pause);
  }
}

function pausedRollout({ successful_upgrade_count, canisters, failures }: Upgrades): TypedError {
  const reasons = failures
    .slice(0, 5)
    .map(
      ({ canister, reason, rolled_back }) => `${canister}: ${reason}${rolled_back ? " (rolled back)" : ""}`,
    );
  return new TypedError(
    "ROLLOUT_PAUSED",
    `${successful_upgrade_count} of ${canisters} user canisters were upgraded, then ${failures.length} failed and are as they were: ${reasons.join("; ")}`,
  );
}
