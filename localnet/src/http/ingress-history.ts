import type { Certifier, Clock } from "../certification/certifier.ts";
import type { CallResult, Ingress, Replica } from "../replica/types.ts";

/** A request that was accepted. */
export interface Admitted {
  sender: Uint8Array;
  canisterId: Uint8Array;
  /** The canister that the request was sent to, and whose read_state shows its status. */
  effectiveCanisterId: Uint8Array;
  /** Settles when the status in the certified state is final; never rejects. */
  done: Promise<CallResult>;
}

/** Minimum time for which a status can be read, nanoseconds. */
const retention = 5n * 60n * 1_000_000_000n;

/** Runs each request once: while a request is valid, sending it again returns the first execution. */
export class IngressHistory {
  readonly #replica: Replica;
  readonly #certifierOf: (effectiveCanisterId: Uint8Array) => Certifier;
  readonly #clock: Clock;
  /** By request id in hex. */
  readonly #admitted = new Map<string, Admitted>();
  /** When finished requests may be forgotten, by request id in hex, in the order in which they finished. */
  readonly #forgetAt = new Map<string, bigint>();

  /** @param certifierOf the certifier of a canister's subnet */
  constructor(replica: Replica, certifierOf: (canisterId: Uint8Array) => Certifier, clock: Clock) {
    this.#replica = replica;
    this.#certifierOf = certifierOf;
    this.#clock = clock;
  }

  get(requestId: Uint8Array): Admitted | undefined {
    return this.#admitted.get(keyOf(requestId));
  }

  /** Starts the request, unless it is known. */
  admit(ingress: Ingress, effectiveCanisterId: Uint8Array, expiry: bigint): Admitted {
    const known = this.get(ingress.requestId);
    if (known) return known;
    this.#forgetOld();
    const { requestId, sender, canisterId } = ingress;
    const certifier = this.#certifierOf(effectiveCanisterId);
    certifier.setRequestStatus(requestId, { status: "processing" });
    const done = this.#run(ingress, expiry, certifier);
    // The argument is not kept: uploads would fill the memory.
    const admitted = { sender, canisterId, effectiveCanisterId, done };
    this.#admitted.set(keyOf(requestId), admitted);
    return admitted;
  }

  async #run(ingress: Ingress, expiry: bigint, certifier: Certifier): Promise<CallResult> {
    const result = await this.#replica.update(ingress).catch(failure);
    certifier.setRequestStatus(ingress.requestId, result);
    const end = this.#clock() + retention;
    this.#forgetAt.set(keyOf(ingress.requestId), expiry > end ? expiry : end);
    return result;
  }

  #forgetOld(): void {
    const now = this.#clock();
    for (const [key, forgetAt] of this.#forgetAt) {
      // The times are almost in order; a late one keeps those behind it a little longer.
      if (forgetAt >= now) return;
      const { effectiveCanisterId } = this.#admitted.get(key)!;
      this.#certifierOf(effectiveCanisterId).forgetRequest(Buffer.from(key, "hex"));
      this.#forgetAt.delete(key);
      this.#admitted.delete(key);
    }
  }
}

function failure(error: unknown): CallResult {
  return { status: "rejected", code: 1, message: `The local network failed: ${error}`, errorCode: "IC0101" };
}

function keyOf(requestId: Uint8Array): string {
  return Buffer.from(requestId).toString("hex");
}
