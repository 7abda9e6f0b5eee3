import { createHash } from "node:crypto";
import type { HttpAgent } from "@dfinity/agent";
import type { FoundCanisters, KilnCanisters } from "../network/deployment.ts";
import { apply, type KilnModules } from "./apply.ts";
import { observe } from "./observe.ts";
import { type Desired, plan, recoverySteps } from "./plan.ts";

export type { KilnModules } from "./apply.ts";

/** For a canister of the local network, which provides them for free. */
const localCycles = 100_000_000_000_000n;

/**
 * Installs Kiln's canisters on a local network and wires them up, or upgrades those that have changed and keeps their
 * data. The agent's principal becomes admin, publisher and operator
 * of the user canisters.
 * @param options.canisters those that there are
 * @throws TypedError as `apply`
 */
export async function installKiln(options: {
  agent: HttpAgent;
  modules: KilnModules;
  canisters?: FoundCanisters | undefined;
}): Promise<KilnCanisters> {
  const { agent, modules, canisters = {} } = options;
  const operators = [(await agent.getPrincipal()).toText()];
  const desired = {
    modules: hashesOf(modules),
    settings: { operators },
    cycles: localCycles,
    subnets: { roles: {} },
  };
  const by = { agent, modules, canisters, payer: "network" } as const;
  const still = recoverySteps(await observe(agent, canisters));
  if (still.length > 0) await apply({ ...by, steps: still });
  return apply({ ...by, steps: plan(await observe(agent, canisters), desired) });
}

/** SHA-256 of each module in hex. */
export function hashesOf(modules: KilnModules): Desired["modules"] {
  const hash = (wasm: Uint8Array) => createHash("sha256").update(wasm).digest("hex");
  return Object.fromEntries(
    Object.entries(modules).map(([name, wasm]) => [name, hash(wasm)]),
  ) as Desired["modules"];
}
