import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, type ActorMethod, HttpAgent, type Identity } from "@dfinity/agent";
import { ECDSAKeyIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { type Localnet, startLocalnet } from "@kiln/localnet";
import { createCanister } from "../../../src/ic/deploy/install.ts";
import { identityOf } from "./delegate.ts";
import { installProvider } from "./install-provider.ts";

const alice = { anchor: 10_000n, frontend: "https://kiln.example" };

let network: Localnet;
let provider: Principal;
const agentOf = (identity: Identity) =>
  HttpAgent.createSync({ host: network.url, identity, rootKey: network.rootKey });

before(async () => {
  network = await startLocalnet({ subnets: 2 });
  provider = await installProvider(agentOf(Ed25519KeyIdentity.generate()));
});
after(() => network?.close());

const signInWith = async (user: typeof alice, session: Ed25519KeyIdentity | ECDSAKeyIdentity) =>
  identityOf(agentOf(Ed25519KeyIdentity.generate()), provider, { ...user, session });

test("a user of the provider creates a canister and is its controller, whichever key the session has", async () => {
  for (const session of [Ed25519KeyIdentity.generate(), await ECDSAKeyIdentity.generate()]) {
    const identity = await signInWith(alice, session);
    const canisterId = Principal.fromText(await createCanister(agentOf(identity)));
    const { controllers } = await statusOf(agentOf(identity), canisterId);
    assert.deepEqual(controllers, [identity.getPrincipal().toText()]);
  }
});

test("a user is the same in every session, and another one at another page", async () => {
  const first = await signInWith(alice, Ed25519KeyIdentity.generate());
  const second = await signInWith(alice, Ed25519KeyIdentity.generate());
  const elsewhere = await signInWith(
    { ...alice, frontend: "https://other.example" },
    Ed25519KeyIdentity.generate(),
  );
  assert.equal(first.getPrincipal().toText(), second.getPrincipal().toText());
  assert.notEqual(first.getPrincipal().toText(), elsewhere.getPrincipal().toText());
});

test("a delegation serves no other session and ends when it says", async () => {
  const session = Ed25519KeyIdentity.generate();
  const mine = await signInWith(alice, session);
  const stolen = Object.assign(Object.create(Object.getPrototypeOf(mine)), mine, {
    _inner: Ed25519KeyIdentity.generate(),
  }) as Identity;
  await assert.rejects(createCanister(agentOf(stolen)), /Invalid signature/);
  const agent = agentOf(Ed25519KeyIdentity.generate());
  const brief = await identityOf(agent, provider, { ...alice, session, maxTimeToLive: 0n });
  await assert.rejects(createCanister(agentOf(brief)), /Invalid delegation expiry/);
});

async function statusOf(agent: HttpAgent, canisterId: Principal) {
  const management = Actor.createActor<{
    canister_status: ActorMethod<[{ canister_id: Principal }], { settings: { controllers: Principal[] } }>;
  }>(
    ({ IDL }) =>
      IDL.Service({
        canister_status: IDL.Func(
          [IDL.Record({ canister_id: IDL.Principal })],
          [IDL.Record({ settings: IDL.Record({ controllers: IDL.Vec(IDL.Principal) }) })],
          [],
        ),
      }),
    {
      agent,
      canisterId: Principal.managementCanister(),
      callTransform: () => ({ effectiveCanisterId: canisterId }),
    },
  );
  const { settings } = await management.canister_status({ canister_id: canisterId });
  return { controllers: settings.controllers.map((id) => id.toText()) };
}
