import type { Identity } from "@dfinity/agent";
import { ECDSAKeyIdentity } from "@dfinity/identity";
import { askForDelegation } from "./identity-provider.ts";
import { type Delegated, forgetSession, heldOf, keepSession, keptSession } from "./kept-session.ts";
import { type Held, SessionIdentity } from "./session-identity.ts";
import { TypedError } from "./typed-error.ts";

/** A signed-in user, until `signOut` or `expires`, after which calls throw SESSION_OVER. */
export type Session = {
  /** Stays the same when the session is renewed. */
  identity: Identity;
  /** Milliseconds since 1970; infinite for a local identity. */
  readonly expires: number;
  /**
   * Opens the provider's window again, in response to a click, to extend the session.
   * @throws TypedError those of `signIn`, SIGN_IN_OTHER if a different user signs in
   */
  renew(): Promise<void>;
  signOut(): Promise<void>;
};

export type SignInOptions = {
  /** URL of the provider's page; by default Internet Identity's. */
  identityProvider?: string;
  /** The same user has the same principal on every domain that names it. */
  derivationOrigin?: string;
  /** How long the session may last: 8 hours by default, at most 30 days, the limit of Internet Identity. */
  hours?: number;
};

/** The limit of Internet Identity. */
const longestHours = 720;

const internetIdentity = "https://id.ai/authorize";

/**
 * Signs in with Internet Identity, or another provider. Call it in response to a click, before awaiting
 * anything: otherwise browsers do not open the provider's window. The session is kept for `resumeSession`.
 * @throws TypedError SIGN_IN_BLOCKED, SIGN_IN_CLOSED, SIGN_IN_UNANSWERED, SIGN_IN_REFUSED, SIGN_IN_INVALID,
 *   DELEGATION_INVALID
 */
export async function signIn(options: SignInOptions = {}): Promise<Session> {
  const delegated = await ask(options);
  await keepSession(delegated);
  return sessionOf(heldOf(delegated), options);
}

/**
 * Resumes the session stored in this browser, without a window: call it when the page loads.
 * @param options those of `signIn`, for `renew`
 * @returns undefined if there is none or it has expired
 */
export async function resumeSession(options: SignInOptions = {}): Promise<Session | undefined> {
  const held = await keptSession();
  return held && sessionOf(held, options);
}

async function ask({
  identityProvider = internetIdentity,
  derivationOrigin,
  hours = 8,
}: SignInOptions): Promise<Delegated> {
  if (!(hours > 0 && hours <= longestHours))
    throw new TypedError("SIGN_IN_INVALID", `a session lasts at most ${longestHours} hours, not ${hours}`);
  let keyIdentity: ECDSAKeyIdentity | undefined;
  const maxTimeToLive = BigInt(Math.round(hours * 3_600_000)) * 1_000_000n;
  const request = { url: identityProvider, derivationOrigin, maxTimeToLive };
  const chain = await askForDelegation(request, async () => {
    keyIdentity = await ECDSAKeyIdentity.generate();
    return keyIdentity.getPublicKey();
  });
  return { keyIdentity: keyIdentity!, chain };
}

function sessionOf(held: Held, options: SignInOptions): Session {
  const identity = new SessionIdentity(held);
  return {
    identity,
    get expires() {
      return identity.expires;
    },
    renew: async () => {
      const delegated = await ask(options);
      const renewed = heldOf(delegated);
      if (renewed.identity.getPrincipal().compareTo(identity.getPrincipal()) !== "eq")
        throw new TypedError("SIGN_IN_OTHER", "somebody else has signed in: start again as they");
      await keepSession(delegated);
      identity.replace(renewed);
    },
    signOut: async () => {
      identity.signOut();
      await forgetSession();
    },
  };
}
