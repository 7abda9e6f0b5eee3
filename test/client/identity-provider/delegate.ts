import { Actor, type ActorMethod, type HttpAgent, type SignIdentity } from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Delegation, DelegationChain, DelegationIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";

/** As much of Internet Identity's interface as signing in takes. */
type Provider = {
  prepare_delegation: ActorMethod<[bigint, string, Uint8Array, [] | [bigint]], [Uint8Array, bigint]>;
  get_delegation: ActorMethod<
    [bigint, string, Uint8Array, bigint],
    | { signed_delegation: { delegation: { pubkey: Uint8Array; expiration: bigint }; signature: Uint8Array } }
    | { no_such_delegation: null }
  >;
};

const idlFactory: IDL.InterfaceFactory = ({ IDL }) => {
  const blob = IDL.Vec(IDL.Nat8);
  const delegation = IDL.Record({
    pubkey: blob,
    expiration: IDL.Nat64,
    targets: IDL.Opt(IDL.Vec(IDL.Principal)),
  });
  const answer = IDL.Variant({
    signed_delegation: IDL.Record({ delegation, signature: blob }),
    no_such_delegation: IDL.Null,
  });
  return IDL.Service({
    prepare_delegation: IDL.Func([IDL.Nat64, IDL.Text, blob, IDL.Opt(IDL.Nat64)], [blob, IDL.Nat64], []),
    get_delegation: IDL.Func([IDL.Nat64, IDL.Text, blob, IDL.Nat64], [answer], ["query"]),
  });
};

export interface SignIn {
  /** The user's number. */
  anchor: bigint;
  /** The origin of the page that the identity is for: a user is another one at each. */
  frontend: string;
  /** DER of the key that may sign in the user's name. */
  sessionKey: Uint8Array;
  /** Nanoseconds; half an hour when absent. */
  maxTimeToLive?: bigint;
}

/** What the identity provider's page does for a page that asks it to sign a user in. Runs in browsers too. */
export async function delegate(
  agent: HttpAgent,
  canisterId: Principal,
  signIn: SignIn,
): Promise<DelegationChain> {
  const { anchor, frontend, sessionKey, maxTimeToLive } = signIn;
  const provider = Actor.createActor<Provider>(idlFactory, { agent, canisterId });
  const ttl: [] | [bigint] = maxTimeToLive === undefined ? [] : [maxTimeToLive];
  const [userKey, expiration] = await provider.prepare_delegation(anchor, frontend, sessionKey, ttl);
  const answer = await provider.get_delegation(anchor, frontend, sessionKey, expiration);
  if (!("signed_delegation" in answer)) throw new Error("the provider has no such delegation");
  const { delegation, signature } = answer.signed_delegation;
  const signed = {
    delegation: new Delegation(new Uint8Array(delegation.pubkey), delegation.expiration),
    signature: new Uint8Array(signature) as DelegationChain["delegations"][number]["signature"],
  };
  return DelegationChain.fromDelegations([signed], new Uint8Array(userKey));
}

/** The user as an identity that signs with the session's key. */
export async function identityOf(
  agent: HttpAgent,
  canisterId: Principal,
  { session, ...signIn }: Omit<SignIn, "sessionKey"> & { session: SignIdentity },
): Promise<DelegationIdentity> {
  const sessionKey = session.getPublicKey().toDer();
  return DelegationIdentity.fromDelegation(
    session,
    await delegate(agent, canisterId, { ...signIn, sessionKey }),
  );
}
