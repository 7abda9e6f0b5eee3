import { subnetOf } from "../subnets.ts";

/** The subnets that a network has, by their indices. */
export interface SubnetList {
  /** The root subnet's first. */
  ids: readonly Uint8Array[];
  /** The subnet of a canister, whether it exists or not; without an id, the root subnet. */
  of(canisterId: Uint8Array | undefined): number;
  /** The subnet with an id. */
  find(subnetId: Uint8Array): number | undefined;
}

export function subnetList(ids: readonly Uint8Array[]): SubnetList {
  return {
    ids,
    of: (canisterId) => (canisterId ? subnetOf(canisterId, ids.length) : 0),
    find: (subnetId) => {
      const index = ids.findIndex((id) => Buffer.compare(id, subnetId) === 0);
      return index < 0 ? undefined : index;
    },
  };
}
