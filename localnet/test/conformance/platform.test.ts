import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, type ActorMethod, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { canisterOf, system } from "../canister/hand-made.ts";
import { installCanister } from "../management.ts";
import { fixture } from "../replica/local-canisters.ts";
import { constant } from "../wasm/assemble.ts";
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
    compose: IDL.Func([IDL.Principal, IDL.Nat], [IDL.Nat], ["query"]),
    deep: IDL.Func([IDL.Principal, IDL.Nat], [code], ["query"]),
    certificates: IDL.Func(toPeer, [IDL.Bool, IDL.Bool], ["query"]),
    interleave: IDL.Func(toPeer, [IDL.Nat, IDL.Nat], []),
    replyOf: IDL.Func([IDL.Nat], [IDL.Vec(IDL.Nat8)], []),
    queryReplyOf: IDL.Func([IDL.Nat], [IDL.Vec(IDL.Nat8)], ["query"]),
    callWith: IDL.Func(toPeer, [code], []),
    updateToFailing: IDL.Func(toPeer, [code], []),
    trapAfterwards: IDL.Func(toPeer, [IDL.Nat], []),
    again: IDL.Func([IDL.Nat], [IDL.Nat], []),
    compositeToItself: IDL.Func([IDL.Nat], [IDL.Nat], ["query"]),
    flood: IDL.Func([IDL.Principal, IDL.Nat], [code], []),
    oneWay: IDL.Func(toPeer, [], []),
    takes: IDL.Func([IDL.Vec(IDL.Nat8)], [IDL.Nat], []),
    sends: IDL.Func([IDL.Principal, IDL.Nat], [code], []),
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

/** Sends a one-way message from a to b, and waits until it has run: calls between two canisters keep their order. */
async function sendOneWay(): Promise<unknown> {
  const sent = await a.oneWay!(ids.b);
  await a.updateToQuery!(ids.b);
  return sent;
}

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
  ["ingress query -> composite", () => b.compose!(ids.a, 0n), (n) => n + 1n, 0n],
  ["update -> update, one way", () => sendOneWay(), () => undefined, 1n],
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

test("a query that is no composite one calls nobody", async () => {
  // Motoko refuses to compile such a thing: it is made by hand.
  const begin = [...[0, 0, 0, 0, 0, 0, 0, 0].flatMap(constant), ...system("call_new")];
  const wasm = canisterOf({ "canister_query calls": begin });
  const id = await installCanister(agent, wasm, replica.near[0]);
  const ask = (kind: "query" | "update") => {
    const caller = Actor.createActor<Edges>(
      ({ IDL }) => IDL.Service({ calls: IDL.Func([], [], kind === "query" ? ["query"] : []) }),
      { agent, canisterId: id },
    );
    return caller.calls!();
  };
  await assert.rejects(ask("query"), /call_new/);
  await assert.rejects(ask("update"), /call_new/, "in replicated mode neither");
});

test("a callee that traps is undone, what its caller did before stays", async () => {
  const [atA, atB] = (await counts()) as [bigint, bigint];
  assert.deepEqual(await a.updateToFailing!(ids.b), { failed: "#canister_error" });
  assert.deepEqual(await counts(), [atA + 1n, atB]);
});

test("a trap after an await undoes what came after it alone", async () => {
  const [atA, atB] = (await counts()) as [bigint, bigint];
  await assert.rejects(a.trapAfterwards!(ids.b), /afterwards/);
  assert.deepEqual(await counts(), [atA + 1n, atB + 1n]);
});

test("an update enters its own canister again and sees what it did; a composite query does not", async () => {
  const [atA, atB] = (await counts()) as [bigint, bigint];
  assert.equal(await a.again!(9n), atA + 10n);
  assert.equal(await a.compositeToItself!(3n), 1n);
  assert.deepEqual(await counts(), [atA + 10n, atB]);
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

test("500 calls to a canister can be under way, and not one more", async () => {
  const [, atB] = (await counts()) as [bigint, bigint];
  assert.deepEqual(await a.flood!(ids.b, 500n), { ok: 500n });
  assert.equal((await counts())[1], atB + 500n);
  const { failed } = (await a.flood!(ids.b, 501n)) as { failed: string };
  assert.match(failed, /#call_error/);
  // The 500 that were made are answered by and by: then there is room again.
  while (!("ok" in ((await a.updateToUpdate!(ids.b)) as object)));
});

test("a message from outside has at most 2 MiB", async () => {
  const most = 2 * mebibyte - 1000;
  assert.equal(await a.takes!(new Uint8Array(most)), BigInt(most));
  await assert.rejects(a.takes!(new Uint8Array(2 * mebibyte + 100_000)));
});

test("a call within a subnet carries more than one over its border: 10 MiB and 2 MiB", async (context) => {
  const mebibytes = (count: number) => BigInt(count * mebibyte - 1000);
  assert.deepEqual(await a.sends!(ids.b, mebibytes(10)), { ok: mebibytes(10) });
  await assert.rejects(a.sends!(ids.b, BigInt(10 * mebibyte)), /10485760|too large|exceed/);
  const [, elsewhere] = replica.near;
  if (!elsewhere) {
    context.skip("KILN_IC_NEAR names one subnet only");
    return;
  }
  const far = await installCanister(agent, await fixture("Edges"), elsewhere);
  assert.deepEqual(await a.sends!(far, mebibytes(2)), { ok: mebibytes(2) });
  const refused = (await a.sends!(far, mebibytes(3))) as { failed: string };
  assert.ok("failed" in refused);
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
