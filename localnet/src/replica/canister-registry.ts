import { type Canister, defaultSettings } from "../canister/canister.ts";
import { CanisterLog } from "../canister/log.ts";
import { StableMemory } from "../canister/stable-memory.ts";
import { nothingConsumed } from "../cycles/uses.ts";
import { canisterId, canisterIndex, firstIndex } from "../subnets.ts";

/** Keys a principal's bytes for maps; keys sort as the bytes do. */
export function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("hex");
}

/** More than any local network has. */
const mostSubnets = 64;

/** The id of the cycles minting canister, in the middle of the root subnet's: no other canister gets it. */
const taken = "00000000000000040101";

/** All canisters. */
export class CanisterRegistry {
  readonly #canisters = new Map<string, Canister>();
  readonly #next: bigint[];
  /** The balances of the cycles ledger, by the text of the account. */
  readonly ledger: Map<string, bigint>;

  /** @param next numbers of the first canisters to be created, by subnet */
  constructor(next: readonly bigint[] = [], ledger = new Map<string, bigint>()) {
    this.ledger = ledger;
    this.#next = [...next];
  }

  /** Numbers of the canisters to be created next, by subnet. */
  get next(): readonly bigint[] {
    return this.#next;
  }

  #nextOn(subnet: number): bigint {
    return this.#next[subnet] ?? firstIndex(subnet);
  }

  get(id: Uint8Array): Canister | undefined {
    return this.#canisters.get(keyOf(id));
  }

  /** In order of creation. */
  all(): Canister[] {
    return [...this.#canisters.values()];
  }

  add(canister: Canister): void {
    this.#canisters.set(keyOf(canister.id), canister);
    const index = canisterIndex(canister.id);
    if (index === undefined) return;
    // Mainnet ids that are requested explicitly lie beyond every subnet's range and do not advance the counter.
    const subnet = Number(index / firstIndex(1));
    if (subnet >= mostSubnets || index < this.#nextOn(subnet)) return;
    for (let before = this.#next.length; before < subnet; before++) this.#next[before] = firstIndex(before);
    this.#next[subnet] = index + 1n;
  }

  /** An empty canister under the next free id of a subnet, or under the one given. */
  create(
    controllers: Uint8Array[],
    cycles: bigint,
    { subnet = 0, id = this.#freeId(subnet) }: { subnet?: number; id?: Uint8Array } = {},
  ): Canister {
    const canister: Canister = {
      id,
      settings: defaultSettings(controllers),
      status: "running",
      cycles,
      consumed: nothingConsumed(),
      chargedAt: undefined,
      version: 0n,
      program: undefined,
      stable: new StableMemory(),
      certifiedData: new Uint8Array(),
      globalTimer: 0n,
      lowMemoryHook: "condition_not_satisfied",
      log: new CanisterLog(),
      history: { total: 0n, changes: [] },
      chunks: new Map(),
      snapshots: [],
      snapshotCount: 0n,
    };
    this.add(canister);
    return canister;
  }

  #freeId(subnet: number): Uint8Array {
    const index = this.#nextOn(subnet);
    const id = canisterId(index);
    return keyOf(id) === taken ? canisterId(index + 1n) : id;
  }

  remove({ id }: Canister): void {
    this.#canisters.delete(keyOf(id));
  }
}
