import { Principal } from "@dfinity/principal";
import { prices } from "../../localnet/src/cycles/prices.ts";
import { management } from "../../src/ic/canisters/management.ts";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import type { BenchNetwork } from "./bench-network.ts";

/** Cycles, measured on one canister. */
export type UserCosts = {
  /** Until somebody has a canister of their own: creation, installation, all messages. */
  ownCanister: number;
  /** Until somebody has a place in a canister that is there. */
  place: number;
  /** Keeping a canister without users for a year. */
  emptyCanisterAYear: number;
  /** Keeping a user's records for a year, at 4 KiB a user. */
  recordsAYear: number;
};

const secondsAYear = 365.25 * 24 * 3600;
const recordBytes = 4096;

export async function userCosts(network: BenchNetwork): Promise<UserCosts> {
  const { agent, canisters } = network;
  const operator = userIndexClient({ agent, canisterId: canisters.user_index });
  const settings = await operator.settings();
  const join = async () => {
    const somebody = userIndexClient({ agent: await network.stranger(), canisterId: canisters.user_index });
    return await somebody.ownCanister();
  };
  await operator.configure({ ...settings, users_per_canister: 1, pool: 0 });
  while ((await operator.status()).free > 0) await join();
  let own = "";
  const ownCanister = await network.spent(async () => {
    own = await join();
  });
  await operator.configure({ ...settings, users_per_canister: 1_000, pool: 0 });
  await join();
  const place = await network.spent(join);
  const { memory_size } = await management(agent, own).canister_status({
    canister_id: Principal.fromText(own),
  });
  const yearly = (bytes: number) => (bytes / 2 ** 30) * Number(prices.storageGibSecond) * secondsAYear;
  return {
    ownCanister,
    place,
    emptyCanisterAYear: yearly(Number(memory_size)),
    recordsAYear: yearly(recordBytes),
  };
}

/** Of a million users, that many a canister: cycles once and a year. */
export function ofAMillion(costs: UserCosts, usersACanister: number): { once: number; yearly: number } {
  const users = 1e6;
  const canisters = users / usersACanister;
  const joining = usersACanister === 1 ? 0 : users * costs.place;
  return {
    once: canisters * costs.ownCanister + joining,
    yearly: canisters * costs.emptyCanisterAYear + users * costs.recordsAYear,
  };
}
