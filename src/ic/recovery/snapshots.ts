import type { Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { toTypedError } from "@kiln/client/network/call-failure";
import { Bytes } from "@kiln/client/network/reply";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { type Management, management } from "../canisters/management.ts";

const Taken = z.object({ id: Bytes, total_size: z.bigint() });

/**
 * Takes a snapshot of a canister, which is stopped for that time.
 * @returns the snapshot's id in hex, and the storage that it takes
 * @throws TypedError those of `toTypedError`: the platform keeps at most ten per canister
 */
export async function takeSnapshot(
  agent: Agent,
  canisterId: string,
): Promise<{ snapshot: string; bytes: number }> {
  const taken = await stoppedDuring(agent, canisterId, (platform, target) =>
    platform.take_canister_snapshot({ ...target, replace_snapshot: [] }),
  );
  const { id, total_size } = Taken.parse(taken);
  return { snapshot: Buffer.from(id).toString("hex"), bytes: Number(total_size) };
}

/**
 * Restores a canister from a snapshot: code, memory and certified data.
 * @param snapshot its id in hex
 */
export async function loadSnapshot(agent: Agent, canisterId: string, snapshot: string): Promise<void> {
  if (!/^([0-9a-f]{2})+$/i.test(snapshot))
    throw new TypedError("SNAPSHOT_UNKNOWN", `${snapshot} is no snapshot's id: it is hexadecimal`);
  const snapshot_id = Buffer.from(snapshot, "hex");
  await stoppedDuring(agent, canisterId, (platform, target) =>
    platform.load_canister_snapshot({ ...target, snapshot_id }),
  );
}

async function stoppedDuring<Reply>(
  agent: Agent,
  canisterId: string,
  act: (platform: Management, target: { canister_id: Principal }) => Promise<Reply>,
): Promise<Reply> {
  const target = { canister_id: Principal.fromText(canisterId) };
  const platform = management(agent, canisterId);
  try {
    await platform.stop_canister(target);
    try {
      return await act(platform, target);
    } finally {
      await platform.start_canister(target);
    }
  } catch (error) {
    throw toTypedError(error, `canister ${canisterId}`);
  }
}
