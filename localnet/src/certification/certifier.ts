import { setImmediate, setTimeout } from "node:timers/promises";
import type { Replica } from "../replica/types.ts";
import { subnetOf } from "../subnets.ts";
import { blsSign } from "./bls-key.ts";
import { CanisterTrees } from "./canister-trees.ts";
import { encodeCbor } from "./cbor.ts";
import {
  empty,
  type HashTree,
  insert,
  leaf,
  type Path,
  remove,
  toArrays,
  treeOf,
  witness,
} from "./hash-tree.ts";
import type { Keys } from "./keys.ts";
import { leb128 } from "./leb128.ts";
import {
  canisterRangesTree,
  type RequestStatus,
  requestStatusTree,
  type SubnetPlace,
  subnetTree,
} from "./state-tree.ts";

/** The root subnet's certificate of a subnet's key, which makes the subnet's signatures valid. */
export interface Delegation {
  subnet_id: Uint8Array;
  certificate: Uint8Array;
}

/** The state of a subnet, signed by its key. */
export interface SignedState {
  /** Absent for the root subnet. */
  delegation: Delegation | undefined;
  tree: HashTree;
  signature: Uint8Array;
  /** Nanoseconds since 1970, as in the tree at /time. */
  time: bigint;
}

/** Nanoseconds since 1970. */
export type Clock = () => bigint;

export const systemClock: Clock = () => BigInt(Date.now()) * 1_000_000n;

/** How long queries may reuse a certificate, nanoseconds. */
const dataCertificateAge = 5_000_000_000n;

/** How long a delegation is reused, nanoseconds. */
const delegationAge = 86_400_000_000_000n;

/**
 * Keeps the certified state tree and signs it. A signature takes about ten milliseconds, so all requests that arrive
 * before it is made share it.
 */
export class Certifier {
  readonly #keys: Keys;
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #canisters: CanisterTrees;
  readonly #subnets: HashTree;
  readonly #ranges: HashTree;
  readonly #delegate: () => Promise<Delegation | undefined>;
  #requests: HashTree = empty;
  #latest: SignedState | undefined;
  #signing: Promise<SignedState> | undefined;
  /** When the next signature may be made, milliseconds of the thread's own clock. */
  #notBefore = 0;

  /** @param root the root subnet's certifier; absent for the root subnet itself */
  constructor(place: SubnetPlace, replica: Replica, clock: Clock, root?: Certifier) {
    const { all, index } = place;
    this.#keys = all[index]!;
    this.#replica = replica;
    this.#clock = clock;
    this.#canisters = new CanisterTrees(replica, (id) => subnetOf(id, all.length) === index);
    // The root subnet certifies all of them, the others only themselves.
    const shown = root ? [index] : all.map((_, index) => index);
    const below = (tree: (place: SubnetPlace) => HashTree) =>
      treeOf(shown.map((index) => [all[index]!.subnetId, tree({ all, index })] as const));
    this.#subnets = below(subnetTree);
    this.#ranges = below(canisterRangesTree);
    this.#delegate = async () => root?.delegationFor(this.#keys.subnetId);
  }

  #delegations = new Map<string, { since: bigint; made: Promise<Delegation> }>();

  /** Certifies another subnet's key and ranges once a day: clients reject certificates older than 30 days. */
  delegationFor(subnetId: Uint8Array): Promise<Delegation> {
    const key = Buffer.from(subnetId).toString("hex");
    const make = async () => {
      const paths = [
        ["subnet", subnetId, "public_key"],
        ["subnet", subnetId, "canister_ranges"],
        ["canister_ranges", subnetId],
        ["time"],
      ];
      return { subnet_id: subnetId, certificate: certificate(await this.certify(), paths) };
    };
    const now = this.#clock();
    const kept = this.#delegations.get(key);
    if (kept && now - kept.since <= delegationAge) return kept.made;
    const made = make();
    this.#delegations.set(key, { since: now, made });
    return made;
  }

  setRequestStatus(requestId: Uint8Array, status: RequestStatus): void {
    this.#requests = insert(this.#requests, requestId, requestStatusTree(status));
  }

  forgetRequest(requestId: Uint8Array): void {
    this.#requests = remove(this.#requests, requestId);
  }

  /** Signs the state as it will be when the signature is made, a moment from now. */
  certify(): Promise<SignedState> {
    this.#signing ??= this.#signNext();
    return this.#signing;
  }

  async #signNext(): Promise<SignedState> {
    const pause = this.#notBefore - performance.now();
    await (pause > 0 ? setTimeout(pause) : setImmediate());
    const delegation = await this.#delegate();
    this.#signing = undefined;
    const start = performance.now();
    this.#latest = { ...this.#sign(), delegation };
    // Pausing as long as the signature took leaves half of the thread's time to the canisters.
    this.#notBefore = 2 * performance.now() - start;
    return this.#latest;
  }

  /**
   * The certificate that a canister gets in a query: CBOR that shows its certified data. Undefined for a
   * canister that does not exist. A certificate of the last few seconds is reused while the data is unchanged.
   */
  async dataCertificate(canisterId: Uint8Array): Promise<Uint8Array | undefined> {
    if (!this.#replica.canister(canisterId)) return undefined;
    const latest = this.#latest;
    const isFresh = latest !== undefined && this.#clock() - latest.time <= dataCertificateAge;
    const state = isFresh && this.#canisters.isCurrent(canisterId) ? latest : await this.certify();
    return certificate(state, [["canister", canisterId, "certified_data"], ["time"]]);
  }

  #sign(): Omit<SignedState, "delegation"> {
    const time = this.#clock();
    const tree = treeOf([
      ["canister", this.#canisters.refresh()],
      ["canister_ranges", this.#ranges],
      ["request_status", this.#requests],
      ["subnet", this.#subnets],
      ["time", leaf(leb128(time))],
    ]);
    const message = Buffer.concat([Buffer.from("\x0dic-state-root", "latin1"), tree.digest]);
    return { tree, signature: blsSign(message, this.#keys.secret), time };
  }
}

/** CBOR certificate of a signed state that shows the paths. */
export function certificate(
  state: SignedState,
  paths: readonly (readonly (string | Uint8Array)[])[],
): Uint8Array {
  const labels: Path[] = paths.map((path) =>
    path.map((label) => (typeof label === "string" ? Buffer.from(label) : label)),
  );
  const { delegation, signature } = state;
  const tree = toArrays(witness(state.tree, labels));
  return encodeCbor({ tree, signature, ...(delegation && { delegation: { ...delegation } }) });
}
