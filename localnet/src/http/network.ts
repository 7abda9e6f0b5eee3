import type { Certifier, Clock } from "../certification/certifier.ts";
import type { Keys } from "../certification/keys.ts";
import type { CallResult, Ingress, Replica } from "../replica/types.ts";
import type { IngressHistory } from "./ingress-history.ts";

/** What every endpoint works with. */
export interface Network {
  replica: Replica;
  keys: Keys;
  certifier: Certifier;
  history: IngressHistory;
  clock: Clock;
}

/** Runs a query with a certificate that fits the data that the canister certifies when it runs. */
export async function runQuery({ replica, certifier }: Network, ingress: Ingress): Promise<CallResult> {
  const certified = () => replica.canister(ingress.canisterId)?.certifiedData ?? new Uint8Array();
  for (;;) {
    const before = certified();
    const result = await replica.query(ingress, await certifier.dataCertificate(ingress.canisterId));
    // An update that came between the certificate and the query makes a pair that verifies nowhere.
    if (Buffer.from(before).equals(certified())) return result;
  }
}
