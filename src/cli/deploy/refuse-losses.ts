import { stableFaults } from "@kiln/localnet";
import type { Compiled } from "../../../canisters/compile.ts";
import type { CanisterName } from "../../base/canister-names.ts";
import { TypedError } from "../../base/typed-error.ts";
import { userIndexClient } from "../../ic/canisters/user-index-client.ts";
import type { Step } from "../../ic/deploy/plan.ts";
import { stableSignature } from "../../ic/deploy/stable-signature.ts";
import type { DeployTarget } from "./deploy-target.ts";

/** @throws TypedError UPGRADE_INCOMPATIBLE when an upgrade would drop or misread stable variables */
export async function refuseLosses(
  target: DeployTarget,
  steps: readonly Step[],
  compiled: Record<CanisterName, Compiled>,
): Promise<void> {
  for (const step of steps) {
    if (step.do === "upgrade")
      await refuse(target, step.canister, [step.bucket ?? target.canisters[step.canister]!], compiled);
    if (step.do === "roll out") await refuse(target, "user", await oneOfEachModule(target), compiled);
  }
}

async function refuse(
  { agent }: DeployTarget,
  name: CanisterName,
  ids: readonly string[],
  compiled: Record<CanisterName, Compiled>,
): Promise<void> {
  for (const id of ids) {
    const former = await stableSignature(agent, id);
    const faults = former === undefined ? [] : stableFaults(former, compiled[name].stable);
    if (faults.length > 0)
      throw new TypedError(
        "UPGRADE_INCOMPATIBLE",
        `nothing was changed: the new ${name} cannot take over what ${id} holds; it needs a migration function: ${faults.join("; ")}`,
      );
  }
}

/** User canisters; a rollout that broke off leaves several modules among them. */
async function oneOfEachModule({ agent, canisters }: DeployTarget): Promise<string[]> {
  if (canisters.user_index === undefined) return [];
  const client = userIndexClient({ agent, canisterId: canisters.user_index });
  const byModule = new Map<string, string>();
  for await (const { id, module_sha256 } of client.canisters())
    if (module_sha256 !== undefined) byModule.set(Buffer.from(module_sha256).toString("hex"), id);
  return [...byModule.values()];
}
