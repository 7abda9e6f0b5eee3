import { HttpAgent } from "@dfinity/agent";
import { DelegationChain, Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { delegate } from "../client/identity-provider/delegate.ts";

/**
 * An identity provider's page for tests, in the words of ICRC-25, ICRC-29 and ICRC-34, as Internet Identity speaks. The
 * address says how it behaves: `?user=` who signs in, `?how=` refuses, says nothing, or delegates wrongly; `?canister=` and `?host=` the
 * canister whose signatures it hands on, as Internet Identity does.
 */
declare const location: { search: string };
declare function addEventListener(type: "message", listener: (message: Message) => void): void;

const asked = new URLSearchParams(location.search);
const how = asked.get("how") ?? "signs in";

type Request = { id: string; method: string; params?: { publicKey: string; maxTimeToLive: string } };

type Message = {
  source: { postMessage(message: object, origin: string): void };
  origin: string;
  data: Request;
};

addEventListener("message", async ({ source, origin, data }) => {
  if (how === "says nothing") return;
  const answer = (said: object) => source.postMessage({ jsonrpc: "2.0", id: data.id, ...said }, origin);
  if (data.method === "icrc29_status") return answer({ result: "ready" });
  if (data.method !== "icrc34_delegation") return answer({ error: { code: 2000, message: "not supported" } });
  if (how === "refuses") return answer({ error: { code: 3001, message: "the user said no" } });
  if (how === "waits") return;
  answer({ result: inJson(await sign(data.params!, origin)) });
});

async function sign(params: NonNullable<Request["params"]>, frontend: string): Promise<DelegationChain> {
  const [canister, host] = [asked.get("canister"), asked.get("host")];
  if (canister === null || host === null) return await signWithKeys(params);
  const agent = await HttpAgent.create({
    host,
    identity: Ed25519KeyIdentity.generate(),
    shouldFetchRootKey: true,
  });
  return await delegate(agent, Principal.fromText(canister), {
    anchor: 10_000n,
    frontend,
    sessionKey: bytesOf(params.publicKey),
    maxTimeToLive: BigInt(params.maxTimeToLive),
  });
}

/** Root key -> a key of the provider's -> the session's key. */
async function signWithKeys(params: NonNullable<Request["params"]>): Promise<DelegationChain> {
  const root = Ed25519KeyIdentity.generate(seed(asked.get("user") ?? "nobody"));
  const between = Ed25519KeyIdentity.generate(seed("between"));
  const milliseconds = how === "has ended" ? -1_000 : Number(BigInt(params.maxTimeToLive) / 1_000_000n);
  const until = new Date(Date.now() + milliseconds);
  const session = how === "delegates to another" ? seed("another") : bytesOf(params.publicKey);
  const first = await DelegationChain.create(root, between.getPublicKey(), until);
  const key = { toDer: () => session };
  return await DelegationChain.create(between, key as Parameters<typeof DelegationChain.create>[1], until, {
    previous: first,
  });
}

function inJson({ publicKey, delegations }: DelegationChain) {
  return {
    publicKey: base64(publicKey),
    signerDelegation: delegations.map(({ delegation, signature }) => ({
      delegation: { pubkey: base64(delegation.pubkey), expiration: String(delegation.expiration) },
      signature: base64(signature),
    })),
  };
}

const seed = (name: string) => new TextEncoder().encode(name.padEnd(32, "."));
const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));
const bytesOf = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
