import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Actor,
  AnonymousIdentity,
  CanisterStatus,
  Certificate,
  HttpAgent,
  type Identity,
  lookupResultToBuffer,
  polling,
  type SignIdentity,
} from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { DelegationChain, DelegationIdentity, ECDSAKeyIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import { Secp256k1KeyIdentity } from "@dfinity/identity-secp256k1";
import { Principal } from "@dfinity/principal";
import { serve } from "../../src/serve.ts";
import { inMemoryCanister, inMemoryReplica, rejected, replied } from "../in-memory-replica.ts";

const owner = Ed25519KeyIdentity.generate();

/** A canister that counts, tells who calls, and certifies its counter. */
function counterCanister() {
  let count = 0;
  const canister = inMemoryCanister(1, {
    controllers: [owner.getPrincipal().toUint8Array()],
    moduleHash: new Uint8Array(32).fill(7),
    metadata: new Map([
      ["candid:service", { visibility: "public" as const, content: Buffer.from("service : {}") }],
      ["secret", { visibility: "private" as const, content: Buffer.from("hidden") }],
    ]),
    updates: {
      increment: () => {
        count += 1;
        canister.certifiedData = Uint8Array.of(count);
        return replied(IDL.encode([IDL.Nat], [count]));
      },
      trap: () => rejected(5, "Canister trapped: unreachable", "IC0502"),
      caller: ({ ingress }) =>
        replied(IDL.encode([IDL.Principal], [Principal.fromUint8Array(ingress.sender)])),
    },
    queries: {
      read: () => replied(IDL.encode([IDL.Nat], [count])),
      certificate: ({ certificate }) =>
        replied(IDL.encode([IDL.Opt(IDL.Vec(IDL.Nat8))], [certificate ? [certificate] : []])),
    },
  });
  return canister;
}

const interfaceOf: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    increment: IDL.Func([], [IDL.Nat], []),
    trap: IDL.Func([], [], []),
    caller: IDL.Func([], [IDL.Principal], []),
    missing: IDL.Func([], [], []),
    missingQuery: IDL.Func([], [], ["query"]),
    read: IDL.Func([], [IDL.Nat], ["query"]),
    certificate: IDL.Func([], [IDL.Opt(IDL.Vec(IDL.Nat8))], ["query"]),
  });

interface Counter {
  increment(): Promise<bigint>;
  trap(): Promise<void>;
  caller(): Promise<Principal>;
  missing(): Promise<void>;
  missingQuery(): Promise<void>;
  read(): Promise<bigint>;
  certificate(): Promise<[Uint8Array]>;
}

async function start() {
  const canister = counterCanister();
  const network = await serve({ host: "127.0.0.1", port: 0 }, async () => inMemoryReplica([canister]));
  const canisterId = Principal.fromUint8Array(canister.id);
  const agentOf = (identity: Identity | Promise<Identity>) =>
    HttpAgent.create({
      host: `http://127.0.0.1:${network.port}`,
      identity,
      shouldFetchRootKey: true,
      retryTimes: 0,
    });
  const actorOf = async (identity: Identity) => {
    return Actor.createActor<Counter>(interfaceOf, { agent: await agentOf(identity), canisterId });
  };
  return { network, canister, canisterId, agentOf, actorOf };
}

test("updates and queries go through the unmodified agent, every signature checked", async () => {
  const { network, actorOf } = await start();
  await using _ = network;
  const actor = await actorOf(new AnonymousIdentity());
  assert.equal(await actor.increment(), 1n);
  assert.deepEqual(await Promise.all([actor.increment(), actor.increment(), actor.increment()]), [
    2n,
    3n,
    4n,
  ]);
  assert.equal(await actor.read(), 4n);
});

test("an asynchronous call is answered by polling", async () => {
  const { network, canisterId, agentOf } = await start();
  await using _ = network;
  const agent = await agentOf(owner);
  const options = { methodName: "increment", arg: IDL.encode([], []), callSync: false };
  const { requestId, response } = await agent.call(canisterId, options);
  assert.equal(response.status, 202);
  const { reply } = await polling.pollForResponse(agent, canisterId, requestId);
  assert.deepEqual(IDL.decode([IDL.Nat], reply), [1n]);
});

test("a trap and a missing method are certified rejects", async () => {
  const { network, actorOf } = await start();
  await using _ = network;
  const actor = await actorOf(owner);
  await assert.rejects(actor.trap(), /Canister trapped: unreachable/);
  await assert.rejects(actor.missing(), /IC0536/);
  await assert.rejects(actor.missingQuery(), /no queries method 'missingQuery'/);
});

const identities: Record<string, () => Promise<SignIdentity>> = {
  Ed25519: async () => Ed25519KeyIdentity.generate(),
  secp256k1: async () => Secp256k1KeyIdentity.generate(),
  "P-256": () => ECDSAKeyIdentity.generate(),
};
for (const [kind, makeIdentity] of Object.entries(identities)) {
  test(`a caller signs with ${kind}, itself or by a delegation`, async () => {
    const { network, actorOf, canisterId } = await start();
    await using _ = network;
    const identity = await makeIdentity();
    const direct = await actorOf(identity);
    assert.deepEqual(await direct.caller(), identity.getPrincipal());
    const session = Ed25519KeyIdentity.generate();
    const inAnHour = new Date(Date.now() + 3_600_000);
    const chain = await DelegationChain.create(identity, session.getPublicKey(), inAnHour, {
      targets: [canisterId],
    });
    const second = Ed25519KeyIdentity.generate();
    const longer = await DelegationChain.create(session, second.getPublicKey(), inAnHour, {
      previous: chain,
    });
    const delegated = await actorOf(DelegationIdentity.fromDelegation(second, longer));
    assert.deepEqual(await delegated.caller(), identity.getPrincipal());
  });
}

test("a delegation that has expired or is for another canister is refused", async () => {
  const { network, actorOf } = await start();
  await using _ = network;
  const session = Ed25519KeyIdentity.generate();
  const delegated = async (expiration: Date, targets?: Principal[]) => {
    const chain = await DelegationChain.create(
      owner,
      session.getPublicKey(),
      expiration,
      targets ? { targets } : {},
    );
    return actorOf(DelegationIdentity.fromDelegation(session, chain));
  };
  await assert.rejects((await delegated(new Date(0))).caller(), /Invalid delegation expiry: /);
  const elsewhere = await delegated(new Date(Date.now() + 3_600_000), [Principal.managementCanister()]);
  await assert.rejects(elsewhere.caller(), /is not one of the delegation targets/);
});

test("read_state tells of metadata, controllers and module, private metadata to controllers only", async () => {
  const { network, canister, canisterId, agentOf } = await start();
  await using _ = network;
  const custom = (name: string): CanisterStatus.CustomPath =>
    ({ kind: "metadata", key: name, path: name, decodeStrategy: "utf-8" }) as never;
  const status = await CanisterStatus.request({
    agent: await agentOf(owner),
    canisterId,
    paths: ["time", "controllers", "module_hash", "candid", "subnet", custom("secret"), custom("absent")],
  });
  assert.deepEqual(status.get("controllers"), [owner.getPrincipal()]);
  assert.equal(status.get("module_hash"), Buffer.from(canister.moduleHash!).toString("hex"));
  assert.equal(status.get("candid"), "service : {}");
  assert.equal(status.get("secret"), "hidden");
  assert.equal(status.get("absent"), null);
  assert.ok(status.get("time") instanceof Date);
  const stranger = await CanisterStatus.request({
    agent: await agentOf(new AnonymousIdentity()),
    canisterId,
    paths: ["module_hash", custom("secret")],
  });
  assert.equal(stranger.get("secret"), null);
  assert.ok(stranger.get("module_hash"));
});

test("the certificate a query gets shows the certified data of that moment", async () => {
  const { network, canister, canisterId, actorOf } = await start();
  await using _ = network;
  const actor = await actorOf(owner);
  for (const expected of [1, 2]) {
    await actor.increment();
    const [bytes] = await actor.certificate();
    const certificate = await Certificate.create({
      certificate: bytes,
      rootKey: network.rootKey,
      canisterId,
    });
    const path = ["canister", canister.id, "certified_data"];
    assert.deepEqual(lookupResultToBuffer(certificate.lookup_path(path)), Uint8Array.of(expected));
  }
});
