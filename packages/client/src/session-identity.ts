import type { HttpAgentRequest, Identity } from "@dfinity/agent";
import type { DelegationIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { TypedError } from "./typed-error.ts";

/** An identity that expires: `expires` in milliseconds since 1970. */
export type Held = { identity: DelegationIdentity; expires: number };

/** Signs with the session's current delegation, so that clients survive its renewal. */
export class SessionIdentity implements Identity {
  #held: Held;
  #state: "signed in" | "signed out" = "signed in";

  constructor(held: Held) {
    this.#held = held;
  }

  get expires(): number {
    return this.#held.expires;
  }

  getPrincipal(): Principal {
    return this.#held.identity.getPrincipal();
  }

  /** @throws TypedError SESSION_OVER after signing out or when the delegation has expired */
  async transformRequest(request: HttpAgentRequest): Promise<unknown> {
    if (this.#state === "signed out")
      throw new TypedError("SESSION_OVER", "this page has signed out: sign in again");
    if (Date.now() >= this.#held.expires)
      throw new TypedError("SESSION_OVER", "the session has ended: sign in again");
    return await this.#held.identity.transformRequest(request);
  }

  replace(held: Held): void {
    this.#held = held;
    this.#state = "signed in";
  }

  signOut(): void {
    this.#state = "signed out";
  }
}
