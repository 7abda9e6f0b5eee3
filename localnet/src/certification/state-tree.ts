import type { CallResult, CanisterState } from "../replica/types.ts";
import { encodeCbor } from "./cbor.ts";
import { type HashTree, leaf, treeOf } from "./hash-tree.ts";
import type { Keys } from "./keys.ts";
import { leb128 } from "./leb128.ts";

/** How far a request has come. */
export type RequestStatus = { status: "processing" } | CallResult;

/** What stands below /request_status/<request id>. */
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

/** What stands below /canister/<canister id>. */
export function canisterTree(state: CanisterState): HashTree {
  const sections = [...state.metadata].map(([name, { content }]) => [name, leaf(content)] as const);
  return treeOf([
    ["certified_data", leaf(state.certifiedData)],
    ["controllers", leaf(encodeCbor(state.controllers))],
    ["module_hash", state.moduleHash && leaf(state.moduleHash)],
    ["metadata", sections.length > 0 ? treeOf(sections) : undefined],
  ]);
}

/** First and last canister id of the network's one subnet. */
const canisterRange = ["00000000000000000101", "ffffffffffffffff0101"].map((id) => Buffer.from(id, "hex"));

/** What stands below /canister_ranges: the same ranges as below /subnet, by subnet and first canister id. */
export function canisterRangesTree(keys: Keys): HashTree {
  return treeOf([[keys.subnetId, treeOf([[canisterRange[0]!, leaf(encodeCbor([canisterRange]))]])]]);
}

/** What stands below /subnet/<subnet id>: one subnet of one node that holds every canister. */
export function subnetTree(keys: Keys): HashTree {
  const node = treeOf([["public_key", leaf(keys.nodeKey)]]);
  return treeOf([
    ["public_key", leaf(keys.rootKey)],
    ["canister_ranges", leaf(encodeCbor([canisterRange]))],
    ["node", treeOf([[keys.nodeId, node]])],
  ]);
}
