import type { CanisterState, Replica } from "../replica/types.ts";
import { empty, type HashTree, insert, remove } from "./hash-tree.ts";
import { canisterTree } from "./state-tree.ts";

/** The subtree at /canister, made anew only for the canisters that changed. */
export class CanisterTrees {
  readonly #replica: Replica;
  readonly #isOwn: (canisterId: Uint8Array) => boolean;
  /** What each canister's subtree was made of, by canister id in hex. */
  #made = new Map<string, string>();
  #tree: HashTree = empty;

  /** @param isOwn whether a canister is on the subnet */
  constructor(replica: Replica, isOwn: (canisterId: Uint8Array) => boolean) {
    this.#replica = replica;
    this.#isOwn = isOwn;
  }

  /** The subtrees as of now. */
  refresh(): HashTree {
    const made = new Map<string, string>();
    for (const id of this.#replica.canisterIds().filter(this.#isOwn)) {
      const state = this.#replica.canister(id);
      if (!state) continue;
      const making = makingOf(state);
      if (this.#made.get(hexOf(id)) !== making) this.#tree = insert(this.#tree, id, canisterTree(state));
      made.set(hexOf(id), making);
    }
    for (const key of this.#made.keys()) {
      if (!made.has(key)) this.#tree = remove(this.#tree, Buffer.from(key, "hex"));
    }
    this.#made = made;
    return this.#tree;
  }

  /** Whether the canister is as it was at the last refresh. */
  isCurrent(canisterId: Uint8Array): boolean {
    const state = this.#replica.canister(canisterId);
    return state !== undefined && this.#made.get(hexOf(canisterId)) === makingOf(state);
  }
}

/** Equal for states with equal subtrees: a module's hash stands for its metadata. */
function makingOf({ certifiedData, moduleHash, controllers }: CanisterState): string {
  return [certifiedData, moduleHash ?? new Uint8Array(), ...controllers].map(hexOf).join(":");
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
