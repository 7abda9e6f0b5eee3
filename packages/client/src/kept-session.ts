import { DelegationChain, DelegationIdentity, ECDSAKeyIdentity, isDelegationValid } from "@dfinity/identity";
import { createStore, del, get, set } from "idb-keyval";
import { z } from "zod";
import type { Held } from "./session-identity.ts";

/** In IndexedDB, which can store keys that scripts can use but not read. */
const key = "session";
const store = () => createStore("kiln-client", "sessions");

/** A key pair is kept as the browser's object; the chain as text. */
const Kept = z.object({
  keyPair: z.object({ publicKey: z.instanceof(CryptoKey), privateKey: z.instanceof(CryptoKey) }),
  chain: z.string(),
});

/** A session's own key, and the delegation chain to it. */
export type Delegated = { keyIdentity: ECDSAKeyIdentity; chain: DelegationChain };

export async function keepSession({ keyIdentity, chain }: Delegated): Promise<void> {
  await set(key, { keyPair: keyIdentity.getKeyPair(), chain: JSON.stringify(chain.toJSON()) }, store());
}

/** @returns undefined if there is none or it has expired */
export async function keptSession(): Promise<Held | undefined> {
  const kept = Kept.safeParse(await get(key, store()));
  if (!kept.success) return undefined;
  const chain = DelegationChain.fromJSON(kept.data.chain);
  const keyIdentity = await ECDSAKeyIdentity.fromKeyPair(kept.data.keyPair);
  if (isDelegationValid(chain)) return heldOf({ keyIdentity, chain });
  await forgetSession();
  return undefined;
}

export async function forgetSession(): Promise<void> {
  await del(key, store());
}

export function heldOf({ keyIdentity, chain }: Delegated): Held {
  const ends = chain.delegations.map(({ delegation }) => Number(delegation.expiration / 1_000_000n));
  return { identity: DelegationIdentity.fromDelegation(keyIdentity, chain), expires: Math.min(...ends) };
}
