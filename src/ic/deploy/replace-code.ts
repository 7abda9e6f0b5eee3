import { createHash } from "node:crypto";
import type { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { toTypedError } from "@kiln/client/network/call-failure";
import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { management } from "../canisters/management.ts";
import { installCanister, moduleHash } from "./install.ts";

/** An upgrade in progress: what is needed to finish it or to roll it back. */
export const Replacement = z.object({
  canister: PrincipalId,
  /** Id of the snapshot taken before the upgrade, in hex. */
  snapshot: z.hex(),
  /** SHA-256 of the new module in hex. */
  to: z.hex(),
});
export type Replacement = z.infer<typeof Replacement>;

/** Stores the upgrade in progress, so that it can be settled if this process is killed; `undefined`: there is none. */
export type Journal = (underWay: Replacement | undefined) => Promise<void>;

type Checked = {
  agent: HttpAgent;
  journal: Journal;
  /** Throws if the canister does not work. */
  healthy: () => Promise<unknown>;
};

/**
 * Upgrades a canister so that it is never left broken: stop, take a snapshot, replace the code, start, check; if any of
 * this fails, load the snapshot. The snapshot is deleted at the end. If the process is killed, the journal tells
 * `settleReplacement` how to finish.
 * @throws TypedError UPGRADE_ROLLED_BACK with the reason: the canister runs the former code with the former state
 */
export async function replaceCode(
  options: Checked & { canisterId: string; wasm: Uint8Array; arg: Uint8Array },
): Promise<void> {
  const { agent, canisterId, wasm, arg, journal } = options;
  const to = createHash("sha256").update(wasm).digest("hex");
  const { stop, start, takeSnapshot } = steps(agent, canisterId);
  await stop();
  const snapshot = await takeSnapshot().catch(async (error: unknown) => {
    await start();
    throw error;
  });
  const underWay = { canister: canisterId, snapshot, to };
  await journal(underWay);
  await end(options, underWay, () => installCanister({ agent, wasm, arg, canisterId, mode: "upgrade" }));
}

/**
 * Settles an upgrade that a killed process left behind: if the new module was installed, the canister is checked and, if
 * it fails, rolled back to the snapshot; otherwise it is started again unchanged.
 * @throws TypedError UPGRADE_ROLLED_BACK
 */
export async function settleReplacement(options: Checked, underWay: Replacement): Promise<void> {
  const { agent } = options;
  const installed = (await moduleHash(agent, underWay.canister)) === underWay.to;
  const healthy = installed ? options.healthy : async () => {};
  await end({ ...options, healthy }, underWay, async () => {});
}

async function end(
  { agent, journal, healthy }: Checked,
  underWay: Replacement,
  install: () => Promise<unknown>,
): Promise<void> {
  const { canister, snapshot } = underWay;
  const { stop, start, loadSnapshot, deleteSnapshot } = steps(agent, canister);
  let failure: Error | undefined;
  try {
    await install();
    await start();
    await healthy();
  } catch (error) {
    failure = error as Error;
    await stop();
    await loadSnapshot(snapshot);
    await start();
  }
  await deleteSnapshot(snapshot);
  await journal(undefined);
  if (failure === undefined) return;
  throw new TypedError(
    "UPGRADE_ROLLED_BACK",
    `canister ${canister} is as it was before its upgrade, which failed: ${failure.message}`,
    { cause: failure },
  );
}

function steps(agent: HttpAgent, canisterId: string) {
  const target = { canister_id: Principal.fromText(canisterId) };
  const platform = management(agent, canisterId);
  const call = async <Reply>(run: () => Promise<Reply>) => {
    try {
      return await run();
    } catch (error) {
      throw toTypedError(error, `canister ${canisterId}`);
    }
  };
  const id = (snapshot: string) => ({ ...target, snapshot_id: Buffer.from(snapshot, "hex") });
  return {
    stop: () => call(() => platform.stop_canister(target)),
    start: () => call(() => platform.start_canister(target)),
    takeSnapshot: async () => {
      const taken = await call(() => platform.take_canister_snapshot({ ...target, replace_snapshot: [] }));
      return Buffer.from(taken.id).toString("hex");
    },
    loadSnapshot: (snapshot: string) => call(() => platform.load_canister_snapshot(id(snapshot))),
    /** It may be gone already: a killed process may have deleted it. */
    deleteSnapshot: async (snapshot: string) => {
      const there = await call(() => platform.list_canister_snapshots(target));
      if (there.some((each) => Buffer.from(each.id).toString("hex") === snapshot))
        await call(() => platform.delete_canister_snapshot(id(snapshot)));
    },
  };
}
