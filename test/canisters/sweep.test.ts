import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { type CanisterNetwork, ok, startCanisters } from "./network.ts";
import { postInput, type Resident, resident } from "./users.ts";

let network: CanisterNetwork;
let client: ReturnType<typeof userIndexClient>;
before(async () => {
  network = await startCanisters();
  client = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
  await client.configure({ ...(await client.settings()), users_per_canister: 1, pool: 0 });
});
after(() => network[Symbol.asyncDispose]());

const day = 24 * 3_600_000;
const home = ({ principal }: Resident) => client.canisterOf(principal.toText());

test("user_index releases users who came long ago and never did anything, and no others", async () => {
  const { admin } = network;
  ok(await admin.users.configure_sweep({ abandoned_after_seconds: [7n * 86_400n] }));
  const [idle, active] = [await resident(network), await resident(network)];
  ok(await active.own.add_post(postInput("kept")));
  await network.later(6 * day);
  const recent = await resident(network);
  assert.equal(await home(idle), idle.canister.toText());
  await network.later(1.1 * day);
  // A round takes several messages: wait for it, or for the next one.
  for (let hours = 0; (await home(idle)) !== undefined; hours += 1) {
    assert.ok(hours < 50, "it was not released");
    await network.later(day / 24);
  }
  assert.deepEqual(
    [await home(active), await home(recent)],
    [active.canister.toText(), recent.canister.toText()],
  );
  assert.deepEqual(await admin.users.sweep_status(), {
    abandoned_after_seconds: [7n * 86_400n],
    released: 1n,
  });
  // It is in the pool again, empty, and its former user may return.
  const next = await resident(network);
  assert.equal(next.canister.toText(), idle.canister.toText());
  assert.deepEqual(await next.own.health(), { users: 1n, changes: 1n });
  const back = await idle.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.ok("Ok" in back);
  ok(await idle.at(back.Ok).add_post(postInput("back")));
});

test("a user who signs in while the sweep is releasing their canister keeps a working one", async () => {
  const { admin, canisters, control } = network;
  for (const late of ["release_if_untouched", "register"]) {
    const someone = await resident(network);
    // One of the two messages reaches the canister later than the other.
    await control.injectFault({
      kind: "delay",
      milliseconds: 50,
      caller: canisters.user_index,
      method: late,
      times: 1,
    });
    const [, reply] = await Promise.all([
      admin.users.recycle_if_abandoned(someone.principal),
      someone.users.get_requester_principals_canister_id_create_if_not_exists(),
    ]);
    await control.clearFaults();
    const again = await someone.users.get_requester_principals_canister_id_create_if_not_exists();
    assert.ok("Ok" in again, JSON.stringify(reply));
    ok(await someone.at(again.Ok).add_post(postInput("here")));
    const repeated = await someone.users.get_requester_principals_canister_id_create_if_not_exists();
    assert.deepEqual(repeated, again);
    assert.equal(await home(someone), again.Ok.toText());
  }
});

test("with the sweep switched off, no user is released", async () => {
  const { admin } = network;
  ok(await admin.users.configure_sweep({ abandoned_after_seconds: [] }));
  const idle = await resident(network);
  await network.later(200 * day);
  assert.equal(ok(await admin.users.sweep_abandoned()), 0n);
  assert.equal(await home(idle), idle.canister.toText());
});
