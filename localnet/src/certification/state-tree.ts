import type { CallResult, CanisterState } from "../replica/types.ts";
import { canisterRanges } from "../subnets.ts";
import { encodeCbor } from "./cbor.ts";
import { type HashTree, leaf, treeOf } from "./hash-tree.ts";
import type { Keys } from "./keys.ts";
import { leb128 } from "./leb128.ts";

/** The progress of a request. */
export type RequestStatus = { status: "processing" } | CallResult;

/** The subtree at /request_status/<request id>. */
export function requestStatusTree(result: RequestStatus): HashTree {
  switch (result.status) {
    case "processing":
      return treeOf([["status", leaf("processing")]]);
    case "replied":
      return treeOf([
        ["status", leaf("replied")],
        ["reply", leaf(result.reply)],
      ]);
    case "rejected":
      return treeOf([
        ["status", leaf("rejected")],
        ["reject_code", leaf(leb128(result.code))],
        ["reject_message", leaf(result.message)],
        ["error_code", leaf(result.errorCode)],
      ]);
  }
}

/** The subtree at /canister/<canister id>. */
export function canisterTree(state: CanisterState): HashTree {
  const sections = [...state.metadata].map(([name, { content }]) => [name, leaf(content)] as const);
  return treeOf([
    ["certified_data", leaf(state.certifiedData)],
    ["controllers", leaf(encodeCbor(state.controllers))],
    ["module_hash", state.moduleHash && leaf(state.moduleHash)],
    ["metadata", sections.length > 0 ? treeOf(sections) : undefined],
  ]);
}

/** A subnet among the others, by its index: 0 is the root subnet. */
export interface SubnetPlace {
  all: readonly Keys[];
  index: number;
}

/** The subtree at /canister_ranges/<subnet id>: one shard, named by the first canister id. */
export function canisterRangesTree({ all, index }: SubnetPlace): HashTree {
  const ranges = canisterRanges(index, all.length);
  return treeOf([[ranges[0]![0], leaf(encodeCbor(ranges))]]);
}

/** The subtree at /subnet/<subnet id>: one node, and the same ranges as below /canister_ranges. */
export function subnetTree({ all, index }: SubnetPlace): HashTree {
  const keys = all[index]!;
  const node = treeOf([["public_key", leaf(keys.nodeKey)]]);
  return treeOf([
    ["public_key", leaf(keys.publicKey)],
    ["canister_ranges", leaf(encodeCbor(canisterRanges(index, all.length)))],
    ["node", treeOf([[keys.nodeId, node]])],
  ]);
}
