import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, type ActorMethod, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { installCanister } from "../management.ts";
import { fixture } from "../replica/local-canisters.ts";
import { type ReplicaUnderTest, replicaUnderTest } from "./replica-under-test.ts";

/**
 * What every replica must do, asked over HTTP by the platform's own agent, so that the same checks can be held
 * against another replica: `KILN_IC_HOST=http://127.0.0.1:8080 ./kiln test localnet/test/conformance/*.test.ts`.
 */
const mebibyte = 2 ** 20;
const code = IDL.Variant({ ok: IDL.Nat, failed: IDL.Text });
const toPeer: [IDL.Type] = [IDL.Principal];
const interfaceOf: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    change: IDL.Func([], [IDL.Nat], []),
    count: IDL.Func([], [IDL.Nat], ["query"]),
    look: IDL.Func([], [IDL.Nat], ["query"]),
    updateToUpdate: IDL.Func(toPeer, [code], []),
    updateToQuery: IDL.Func(toPeer, [code], []),
    updateToComposite: IDL.Func(toPeer, [code], []),
    compositeToQuery: IDL.Func(toPeer, [code], ["query"]),
    compositeToComposite: IDL.Func(toPeer, [code], ["query"]),
    compositeToUpdate: IDL.Func(toPeer, [code], ["query"]),
    deep: IDL.Func([IDL.Principal, IDL.Nat], [code], ["query"]),
    certificates: IDL.Func(toPeer, [IDL.Bool, IDL.Bool], ["query"]),
    interleave: IDL.Func(toPeer, [IDL.Nat, IDL.Nat], []),
    replyOf: IDL.Func([IDL.Nat], [IDL.Vec(IDL.Nat8)], []),
    queryReplyOf: IDL.Func([IDL.Nat], [IDL.Vec(IDL.Nat8)], ["query"]),
    callWith: IDL.Func(toPeer, [code], []),
  });

type Edges = Record<string, ActorMethod<unknown[], never>>;

let replica: ReplicaUnderTest;
let agent: HttpAgent;
let ids: { a: Principal; b: Principal };
let a: Edges;
let b: Edges;

const actorOf = (canisterId: Principal) => Actor.createActor<Edges>(interfaceOf, { agent, canisterId });
/** The same canister, its methods asked as the other kind. */
const asUpdates = (canisterId: Principal) =>
  Actor.createActor<Edges>(
    ({ IDL }) =>
      IDL.Service({
        look: IDL.Func([], [IDL.Nat], []),
        compose: IDL.Func([IDL.Principal, IDL.Nat], [IDL.Nat], []),
      }),
    { agent, canisterId },
  );
const asQueries = (canisterId: Principal) =>
  Actor.createActor<Edges>(({ IDL }) => IDL.Service({ change: IDL.Func([], [IDL.Nat], ["query"]) }), {
    agent,
    canisterId,
  });

before(async () => {
  replica = await replicaUnderTest(process.env);
  agent = await replica.agent(Ed25519KeyIdentity.generate());
  const wasm = await fixture("Edges");
  const [near] = replica.near;
  ids = { a: await installCanister(agent, wasm, near), b: await installCanister(agent, wasm, near) };
  [a, b] = [actorOf(ids.a), actorOf(ids.b)];
});
after(() => replica[Symbol.asyncDispose]());

const counts = async () => [await a.count!(), await b.count!()] as bigint[];

/** Who calls what: what comes back, given the callee's state, and by how much that state grows. */
const edges: [
  edge: string,
  call: () => Promise<unknown>,
  expected: (atB: bigint) => unknown,
  growth: bigint,
][] = [
  ["ingress update -> update", () => b.change!(), (n) => n + 1n, 1n],
  ["ingress update -> query", () => asUpdates(ids.b).look!(), (n) => n + 100n, 0n],
  ["ingress query -> query", () => b.look!(), (n) => n + 100n, 0n],
  ["update -> update", () => a.updateToUpdate!(ids.b), (n) => ({ ok: n + 1n }), 1n],
  ["update -> query", () => a.updateToQuery!(ids.b), (n) => ({ ok: 2n * (n + 100n) }), 0n],
  ["update -> composite", () => a.updateToComposite!(ids.b), () => ({ failed: "#canister_error" }), 0n],
  ["composite -> query", () => a.compositeToQuery!(ids.b), (n) => ({ ok: 2n * (n + 100n) }), 0n],
  ["composite -> composite", () => a.compositeToComposite!(ids.b), (n) => ({ ok: n + 1n }), 0n],
  ["composite -> update", () => a.compositeToUpdate!(ids.b), () => ({ failed: "#canister_error" }), 0n],
];
for (const [edge, call, expected, growth] of edges) {
  test(edge, async () => {
    const [atA, atB] = await counts();
    assert.deepEqual(await call(), expected(atB!));
    assert.deepEqual(await counts(), [atA, atB! + growth]);
  });
}

test("ingress update -> composite is refused, ingress query -> update too", async () => {
  const before = await counts();
  await assert.rejects(asUpdates(ids.a).compose!(ids.b, 0n), /[Cc]omposite query/);
  await assert.rejects(asQueries(ids.a).change!(), /no query method/);
  assert.deepEqual(await counts(), before);
});

test("a composite query enters canisters again, each entry isolated, and not too deep", async () => {
  const [atA, atB] = (await counts()) as [bigint, bigint];
  // The innermost level adds 1, each level above 11: none sees what another one did to the same canister.
  assert.deepEqual(await a.deep!(ids.b, 0n), { ok: atB + 1n });
  assert.deepEqual(await a.deep!(ids.b, 1n), { ok: atA + 1n + 11n });
  assert.deepEqual(await a.deep!(ids.b, 2n), { ok: atB + 1n + 22n });
  const failed = (await a.deep!(ids.b, 20n)) as { failed: string };
  assert.ok("failed" in failed);
  assert.deepEqual(await counts(), [atA, atB]);
});

test("a certificate is there before the first await of a composite query, and not after it", async () => {
  assert.deepEqual(await a.certificates!(ids.b), [true, false]);
});

test("messages come between an await and what follows it", async () => {
  const [before, after] = (await a.interleave!(ids.a)) as [bigint, bigint];
  assert.equal(after, before + 1n);
});

test("a replicated reply has at most 2 MiB, a query's 3 MiB", async () => {
  const room = 1000;
  assert.equal(((await a.replyOf!(2 * mebibyte - room)) as Uint8Array).length, 2 * mebibyte - room);
  await assert.rejects(a.replyOf!(2 * mebibyte + 1));
  assert.equal(((await a.queryReplyOf!(3 * mebibyte - room)) as Uint8Array).length, 3 * mebibyte - room);
  await assert.rejects(a.queryReplyOf!(3 * mebibyte + 1));
});

test("a method that is not there is the callee's error", async () => {
  assert.deepEqual(await a.callWith!(ids.b), { failed: "#canister_error" });
});

test("over the border of a subnet updates go and queries do not", async (context) => {
  const [, elsewhere] = replica.near;
  if (!elsewhere) {
    context.skip("KILN_IC_NEAR names one subnet only");
    return;
  }
  const far = await installCanister(agent, await fixture("Edges"), elsewhere);
  assert.deepEqual(await a.updateToUpdate!(far), { ok: 1n });
  assert.deepEqual(await a.updateToQuery!(far), { ok: 202n });
  const refused = (await a.compositeToQuery!(far)) as { failed: string };
  assert.ok("failed" in refused);
});
