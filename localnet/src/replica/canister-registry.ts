import { type Canister, defaultSettings } from "../canister/canister.ts";
import { CanisterLog } from "../canister/log.ts";
import { StableMemory } from "../canister/stable-memory.ts";
import { nothingConsumed } from "../cycles/uses.ts";

/** Keys a principal's bytes for maps; keys sort as the bytes do. */
export function keyOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.byteLength).toString("hex");
}

/**
 * The id of the canister with that number: the number in eight bytes, big endian, then 0x01 0x01.
 * @source IC interface specification, "Canister ids", as the platform fills them in
 */
export function canisterId(index: bigint): Uint8Array {
  const id = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  new DataView(id.buffer).setBigUint64(0, index);
  return id;
}

/** The number in a canister's id; undefined for an id of another form. */
function indexOf(id: Uint8Array): bigint | undefined {
  if (id.length !== 10 || id[8] !== 1 || id[9] !== 1) return undefined;
  return new DataView(id.buffer, id.byteOffset).getBigUint64(0);
}

/** Numbers above belong to no local network: ids of the mainnet asked for by name do not move the counter. */
const largestCounted = 1n << 32n;

/** Every canister there is. */
export class CanisterRegistry {
  readonly #canisters = new Map<string, Canister>();
  #next: bigint;

  /** @param next number of the first canister to be created */
  constructor(next = 0n) {
    this.#next = next;
  }

  get next(): bigint {
    return this.#next;
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
    const index = indexOf(canister.id);
    if (index !== undefined && index >= this.#next && index < largestCounted) this.#next = index + 1n;
  }

  /** An empty canister under the next free id, or under the one given. */
  create(controllers: Uint8Array[], cycles: bigint, id = canisterId(this.#next)): Canister {
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
      log: new CanisterLog(),
      chunks: new Map(),
      snapshots: [],
      snapshotCount: 0n,
    };
    this.add(canister);
    return canister;
  }

  remove({ id }: Canister): void {
    this.#canisters.delete(keyOf(id));
  }
}
