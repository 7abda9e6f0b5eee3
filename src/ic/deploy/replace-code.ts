import type { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { TypedError } from "../../telemetry/typed-error.ts";
import { toTypedError } from "../call-failure.ts";
import { installCanister } from "../install.ts";
import { management } from "../management.ts";

/**
 * Upgrades a canister so that it is never left broken: it is stopped, a snapshot is taken, the code is replaced, the
 * canister is started and checked; where any of that fails, the snapshot is loaded again. The snapshot is gone at
 * the end.
 * @param options.healthy throws when the canister does not work as it should
 * @throws TypedError UPGRADE_ROLLED_BACK with the reason: the canister runs the former code with the former state
 */
export async function replaceCode(options: {
  agent: HttpAgent;
  canisterId: string;
  wasm: Uint8Array;
  arg: Uint8Array;
  healthy: () => Promise<unknown>;
}): Promise<void> {
  const { agent, canisterId, wasm, arg, healthy } = options;
  const target = { canister_id: Principal.fromText(canisterId) };
  const platform = management(agent, canisterId);
  const call = async <Reply>(run: () => Promise<Reply>) => {
    try {
      return await run();
    } catch (error) {
      throw toTypedError(error, `canister ${canisterId}`);
    }
  };
  await call(() => platform.stop_canister(target));
  const { id: snapshot_id } = await call(() =>
    platform.take_canister_snapshot({ ...target, replace_snapshot: [] }),
  );
  try {
    await installCanister({ agent, wasm, arg, canisterId, mode: "upgrade" });
    await call(() => platform.start_canister(target));
    await healthy();
  } catch (cause) {
    await call(() => platform.stop_canister(target));
    await call(() => platform.load_canister_snapshot({ ...target, snapshot_id }));
    await call(() => platform.start_canister(target));
    throw new TypedError(
      "UPGRADE_ROLLED_BACK",
      `canister ${canisterId} is as it was before its upgrade, which failed: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    await call(() => platform.delete_canister_snapshot({ ...target, snapshot_id }));
  }
}
