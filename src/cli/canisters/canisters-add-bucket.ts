import type { Command } from "commander";
import { compileCanister } from "../../../canisters/compile.ts";
import { registerCanister } from "../../ic/canisters/roles.ts";
import { userIndexClient } from "../../ic/canisters/user-index-client.ts";
import { argumentsOf } from "../../ic/deploy/arguments.ts";
import { create } from "../../ic/deploy/create.ts";
import { installCanister, moduleHash } from "../../ic/deploy/install.ts";
import { cyclesOption, principal } from "../deploy/deploy-options.ts";
import { deployedTarget, type NetworkOptions, networkOptions } from "../deploy/deploy-target.ts";

type Options = NetworkOptions & { subnet?: string; canister?: string; cycles: bigint };

export default function addBucket(command: Command): void {
  networkOptions(command)
    .description("one more storage canister; publishers find it in the directory of global_configuration")
    .option(
      "--subnet <principal>",
      "the subnet of the canister (default: that of global_configuration)",
      principal,
    )
    .addOption(cyclesOption("what it begins with"))
    .option("--canister <id>", "continue with a canister that an interrupted run created", principal)
    .action(run);
}

async function run({ subnet, canister, cycles, ...network }: Options): Promise<void> {
  const { agent, canisters, payer } = await deployedTarget(network);
  const place = subnet === undefined ? "together" : { on: subnet };
  const id = canister ?? (await create(agent, { place, cycles, payer, canisters }));
  if (canister === undefined) console.error(`created ${id}: --canister ${id} goes on, should this break off`);
  if ((await moduleHash(agent, id)) === undefined) {
    const { wasm } = await compileCanister("storage");
    const arg = argumentsOf("storage", canisters, (await agent.getPrincipal()).toText());
    await installCanister({ agent, wasm, arg, canisterId: id, mode: "install" });
  }
  await registerCanister(agent, canisters.global_configuration, { id, kind: "storage" });
  await userIndexClient({ agent, canisterId: canisters.user_index }).watch(id);
  console.log(`storage               ${id}`);
}
