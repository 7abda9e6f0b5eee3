import type { Certifier, Clock } from "../certification/certifier.ts";
import type { Keys } from "../certification/keys.ts";
import type { CallResult, Ingress, Replica } from "../replica/types.ts";
import { subnetOf } from "../subnets.ts";
import type { Trust } from "./delegation.ts";
import type { Target } from "./effective-canister.ts";
import type { IngressHistory } from "./ingress-history.ts";

export interface Subnet {
  keys: Keys;
  certifier: Certifier;
}

/** What all endpoints need. */
export interface Network {
  replica: Replica;
  /** DER, 133 bytes. */
  rootKey: Uint8Array;
  /** The root subnet first. */
  subnets: readonly Subnet[];
  history: IngressHistory;
  clock: Clock;
}

/** What signatures of requests are verified against now. */
export function trustOf({ clock, rootKey }: Network): Trust {
  return { now: clock(), rootKey };
}

/** The subnet of a canister, or the one named by its own id; undefined when there is no such subnet. */
export function subnetAt({ subnets }: Pick<Network, "subnets">, { kind, id }: Target): Subnet | undefined {
  if (kind === "canister") return subnets[subnetOf(id, subnets.length)];
  return subnets.find(({ keys }) => Buffer.compare(keys.subnetId, id) === 0);
}

/** Runs a query with a certificate that fits the data that the canister certifies when it runs. */
export async function runQuery(network: Network, ingress: Ingress): Promise<CallResult> {
  const { replica } = network;
  const { certifier } = subnetAt(network, { kind: "canister", id: ingress.canisterId })!;
  const certified = () => replica.canister(ingress.canisterId)?.certifiedData ?? new Uint8Array();
  for (;;) {
    const before = certified();
    const result = await replica.query(ingress, await certifier.dataCertificate(ingress.canisterId));
    // After an update between the certificate and the query, the two would not match.
    if (Buffer.from(before).equals(certified())) return result;
  }
}
