import { createHash } from "node:crypto";
import type { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { toTypedError } from "@kiln/client/network/call-failure";
import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { management } from "../canisters/management.ts";
import { installCanister, moduleHash } from "./install.ts";

/** An upgrade that is under way: what it takes to end it, or to go back. */
export const Replacement = z.object({
  canister: PrincipalId,
  /** Taken before, in hex. */
  snapshot: z.hex(),
  /** SHA-256 of the new module in hex. */
  to: z.hex(),
});
export type Replacement = z.infer<typeof Replacement>;

/** Keeps what is under way, so that whoever comes after a killed process can end it; `undefined`: nothing is. */
export type Journal = (underWay: Replacement | undefined) => Promise<void>;

type Checked = {
  agent: HttpAgent;
  journal: Journal;
  /** Throws when the canister does not work as it should. */
  healthy: () => Promise<unknown>;
};

/**
 * Upgrades a canister so that it is never left broken: it is stopped, a snapshot is taken, the code is replaced, the
 * canister is started and checked; where any of that fails, the snapshot is loaded again. The snapshot is gone at
 * the end. A process that is killed on the way leaves a journal for `settleReplacement`.
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
 * Ends an upgrade that a killed process left behind: where the new module was installed already, the canister is
 * checked and goes back to the snapshot if it fails; where it was not, the canister runs on as it was.
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
    /** One that is gone already is no failure: a killed process may have come so far. */
    deleteSnapshot: async (snapshot: string) => {
      const there = await call(() => platform.list_canister_snapshots(target));
      if (there.some((each) => Buffer.from(each.id).toString("hex") === snapshot))
        await call(() => platform.delete_canister_snapshot(id(snapshot)));
    },
  };
}
