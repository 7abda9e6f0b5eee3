import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { arrival, type Latency, latencySchema, type Way } from "../../src/replica/latency.ts";
import { createReplica, type LocalReplica } from "../../src/replica/replica.ts";
import { type Actor, actorOf, deploy, fixture, manage } from "./local-canisters.ts";

const millisecond = 1_000_000n;

const way = (over: Way["over"], method = "m"): Way => ({ caller: "a", callee: "b", method, over });
const arrivals: [what: string, latency: Latency, way: Way, leaves: number, arrives: number][] = [
  ["nothing takes no time by default", {}, way("subnets"), 7, 7],
  ["from outside with the next round", { round: 10 }, way("outside"), 7, 10],
  ["from outside at the end of a round", { round: 10 }, way("outside"), 10, 10],
  ["within a subnet in the same round", { round: 10 }, way("nothing"), 7, 7],
  ["between subnets", { betweenSubnets: 25 }, way("subnets"), 7, 32],
  ["between subnets with the round after it", { round: 10, betweenSubnets: 25 }, way("subnets"), 7, 40],
  [
    "an edge of its own",
    { betweenSubnets: 25, edges: [{ callee: "b", milliseconds: 3 }] },
    way("subnets"),
    7,
    10,
  ],
  [
    "an edge within a subnet",
    { round: 10, edges: [{ method: "m", milliseconds: 3 }] },
    way("nothing"),
    7,
    10,
  ],
  ["an edge of others", { edges: [{ caller: "b", milliseconds: 3 }] }, way("nothing"), 7, 7],
  [
    "the first edge that fits",
    { edges: [{ method: "m", milliseconds: 1 }, { milliseconds: 2 }] },
    way("nothing"),
    7,
    8,
  ],
];
for (const [what, latency, ofWay, leaves, arrives] of arrivals) {
  test(`arrival: ${what}`, () => {
    const due = arrival(latencySchema.parse(latency), ofWay, BigInt(leaves) * millisecond);
    assert.equal(due, BigInt(arrives) * millisecond);
  });
}

const ids = [1, 2].map((number) => new Uint8Array(29).fill(number));
let replica: LocalReplica;
let time: bigint;
let near: Actor;
let far: Actor;

before(async () => {
  time = 1_000n * millisecond;
  replica = await createReplica({ subnetId: ids[0]!, otherSubnets: [ids[1]!], now: () => time });
  const wasm = await fixture("Actor");
  near = await deploy(replica, wasm);
  const id = Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai");
  const settings = { amount: [], settings: [], specified_id: [id] };
  await manage(replica, "provisional_create_canister_with_cycles", settings);
  const code = { canister_id: id, mode: { install: null }, wasm_module: wasm, arg: IDL.encode([], []) };
  await manage(replica, "install_code", code);
  far = actorOf(replica, id);
});
after(() => replica[Symbol.asyncDispose]());

/** Goes through time in steps of a millisecond. @returns when each call was answered, milliseconds since the start */
async function timesOf(calls: (() => Promise<unknown>)[]): Promise<number[]> {
  time = ((time + 1_000n * millisecond) / (1_000n * millisecond)) * 1_000n * millisecond;
  const start = time;
  time += millisecond;
  const times: number[] = [];
  let open = calls.length;
  for (const [index, call] of calls.entries()) {
    void call().then(() => {
      times[index] = Number((time - start) / millisecond);
      open -= 1;
    });
  }
  while (open > 0) {
    // What has arrived runs, and is answered, before time goes on.
    await replica.settled();
    time += millisecond;
    replica.timeChanged();
  }
  return times;
}

test("updates wait for the rounds, calls between subnets for their way, and always as long", async () => {
  replica.setLatency({ round: 10, betweenSubnets: 25 });
  const calls = [
    () => near.update("add", [[IDL.Nat, 1n]]),
    () => near.update("bounded", [[IDL.Principal, near.id]]),
    () => near.update("bounded", [[IDL.Principal, far.id]]),
    () => near.query("get"),
  ];
  // In at 10 and out in the same round; over the border at 40 and back at 70.
  const times = await timesOf(calls);
  assert.deepEqual(await timesOf(calls), times, "twice the same");
  const [update, withinSubnet, acrossSubnets, query] = times;
  assert.deepEqual(
    { update, withinSubnet, acrossSubnets, query },
    { update: 10, withinSubnet: 10, acrossSubnets: 70, query: 1 },
  );
});

test("one canister can be slow to reach", async () => {
  replica.setLatency({ edges: [{ callee: far.id.toText(), milliseconds: 100 }] });
  const call = (to: Actor) => () => near.update("bounded", [[IDL.Principal, to.id]]);
  assert.deepEqual(await timesOf([call(near), call(far)]), [1, 201]);
  replica.setLatency({});
});

test("what is no latency is refused", () => {
  assert.throws(() => replica.setLatency({ round: -1 }), { code: "LATENCY_INVALID", message: /round/ });
});
