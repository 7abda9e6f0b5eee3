import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { drill } from "../../src/ic/recovery/drill.ts";
import { restore } from "../../src/ic/recovery/restore.ts";
import { alteredCanister } from "./altered-canister.ts";
import { type CanisterNetwork, err, ok, startCanisters } from "./network.ts";
import { argumentsOfUser, backedUp, postInput, type Resident, readyPost, resident } from "./users.ts";

let network: CanisterNetwork;
let client: ReturnType<typeof userIndexClient>;
before(async () => {
  network = await startCanisters();
  client = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
  await client.configure({ ...(await client.settings()), users_per_canister: 2, pool: 0 });
});
after(() => network[Symbol.asyncDispose]());

/** An agent of a process that is killed after that many updates. */
function mortal(agent: HttpAgent, updates: number): HttpAgent {
  let left = updates;
  return new Proxy(agent, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "call") return value.bind(target);
      return (...args: unknown[]) => {
        left -= 1;
        if (left < 0) throw new Error("killed");
        return value.apply(target, args);
      };
    },
  });
}

const text = ({ principal }: Resident) => principal.toText();
const records = async (someone: Resident, canister: string) =>
  ok(await network.admin.at(Principal.fromText(canister)).changes_since(someone.principal, 0n));
const sourceOf = async (someone: Resident) =>
  ok(await network.admin.backup.copy_of(someone.principal)).source.toText();

test("all users of a canister move, wherever the restore is killed; nothing that was written is lost", async () => {
  const { agent, canisters } = network;
  const [one, other] = [await resident(network), await resident(network)];
  const from = one.canister.toText();
  assert.equal(other.canister.toText(), from);
  await readyPost(network.admin, one, "moved");
  ok(await other.own.add_post(postInput("not-yet-backed-up")));
  const before = [await records(one, from), await records(other, from)];
  let deaths = 0;
  for (; ; deaths += 1) {
    try {
      await restore({ agent: mortal(agent, deaths), canisters, scope: { canister: from } });
      break;
    } catch (error) {
      assert.equal((error as Error).message, "killed");
    }
  }
  // retire, open, then sync, restore, verify and close for both users, and end.
  assert.ok(deaths >= 6, `${deaths} deaths`);
  const to = await client.canisterOf(text(one));
  assert.ok(to !== undefined && to !== from);
  assert.equal(await client.canisterOf(text(other)), to);
  assert.deepEqual([await records(one, to), await records(other, to)], before);
  assert.deepEqual([await sourceOf(one), await sourceOf(other)], [to, to]);
  // The former canister is retired and has no users.
  assert.deepEqual(err(await one.own.add_post(postInput("too-late"))), { not_registered: null });
  const states = new Map<string, [string, number]>();
  for await (const { id, state, users } of client.canisters()) states.set(id, [state, users]);
  assert.deepEqual(
    [states.get(from), states.get(to)],
    [
      ["retired", 0],
      ["active", 2],
    ],
  );
  // A repetition changes nothing.
  const again = await restore({ agent, canisters, scope: { canister: from } });
  assert.deepEqual({ users: again.users, left: again.left }, { users: 0, left: 0 });
  assert.equal(await client.canisterOf(text(one)), to);
});

test("everything: the users of all canisters move, also of a lost one, also after the restore was killed", async () => {
  const { admin, agent, canisters, control } = network;
  const [lost, kept] = [await resident(network), await resident(network)];
  const third = await resident(network);
  assert.notEqual(third.canister.toText(), lost.canister.toText());
  const id = await readyPost(admin, lost, "of-the-lost");
  ok(await third.own.add_post(postInput("third")));
  const homes = new Map<Resident, string>();
  for (const someone of [lost, kept, third]) {
    await backedUp(admin, someone.canister);
    homes.set(someone, someone.canister.toText());
  }
  const before = new Map<Resident, unknown>();
  for (const [someone, home] of homes) before.set(someone, await records(someone, home));
  await control.setCanisterStatus(lost.canister.toText(), "stopped");
  await assert.rejects(restore({ agent: mortal(agent, 9), canisters, scope: "everything" }), /killed/);
  const restored = await restore({ agent, canisters, scope: "everything" });
  assert.equal(restored.left, 0);
  await control.setCanisterStatus(lost.canister.toText(), "running");
  for (const [someone, home] of homes) {
    const now = await client.canisterOf(text(someone));
    assert.ok(now !== undefined && now !== home);
    assert.deepEqual(await records(someone, now), before.get(someone));
  }
  // The lost canister, running again, learns from data_backup that its users live elsewhere.
  ok(await lost.own.update_profile_details({ display_name: "late", bio: "", profile_picture_url: "" }));
  ok(await admin.at(lost.canister).sync());
  assert.deepEqual(err(await lost.own.add_post(postInput("late"))), { not_registered: null });
  const moved = await lost.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.ok("Ok" in moved);
  const [post] = await lost.at(moved.Ok).get_individual_post_details_by_id({ owner: lost.principal, id });
  assert.deepEqual(post?.status, { ReadyToView: null });
});

test("a user who leaves and returns starts afresh, wherever they lived", async () => {
  const { agent, canisters } = network;
  const someone = await resident(network);
  ok(await someone.own.add_post(postInput("before")));
  await restore({ agent, canisters, scope: { user: text(someone) } });
  for (;;) if (ok(await someone.users.delete_requester()).done) break;
  const reply = await someone.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.ok("Ok" in reply);
  assert.deepEqual((await someone.at(reply.Ok).get_profile_details(someone.principal))[0]?.post_count, 0n);
  ok(await someone.at(reply.Ok).add_post(postInput("after")));
});

test("the drill of one user, of one canister, of everything: compares every byte and moves no user", async () => {
  const { agent, canisters } = network;
  const someone = await resident(network);
  ok(await someone.own.add_post(postInput("drilled")));
  const home = someone.canister.toText();
  const one = await drill({ agent, canisters, scope: { user: text(someone) } });
  assert.deepEqual([one.users, one.records], [1, 3]);
  const neighbours = (await drill({ agent, canisters, scope: { canister: home } })).users;
  assert.ok(neighbours >= 1);
  assert.ok((await drill({ agent, canisters, scope: "everything" })).users > neighbours);
  assert.equal(await client.canisterOf(text(someone)), home);
  for await (const { state } of client.canisters()) assert.notEqual(state, "restoring");
});

test("no other canister of the project may write, read or take over the copy of a user", async () => {
  const { admin } = network;
  const victim = await resident(network);
  ok(await victim.own.add_post(postInput("mine")));
  await backedUp(admin, victim.canister);
  const fresh = await resident(network);
  const intruder = await network.newCaller();
  ok(await admin.configuration.grant(intruder.principal, { canister: null }));
  const before = ok(await admin.backup.copy_of(victim.principal));
  const forged = { key: "profile", sequence: 99n, value: [Uint8Array.of(1)] as [Uint8Array] };
  const batch = (user: Resident["principal"], incarnation: bigint, base: bigint) => ({
    user,
    incarnation,
    base,
    up_to: 99n,
    changes: [forged],
  });
  const soon = before.incarnation + 10n ** 18n;
  const elsewhere = (someone: Resident, incarnation: bigint) => ({
    position: { user: someone.principal, incarnation, sequence: 0n },
    source: someone.canister,
  });
  const cases: [string, ReturnType<typeof batch>, object[]][] = [
    [
      "the same history",
      batch(victim.principal, before.incarnation, 2n),
      [elsewhere(victim, before.incarnation)],
    ],
    ["a new history", batch(victim.principal, soon, 0n), [elsewhere(victim, soon)]],
    ["the first to write", batch(fresh.principal, soon, 0n), [elsewhere(fresh, soon)]],
    ["an unknown user", batch(intruder.principal, soon, 0n), []],
  ];
  for (const [what, sent, answer] of cases)
    assert.deepEqual(ok(await intruder.backup.apply_changes([sent])), answer, what);
  assert.deepEqual(ok(await admin.backup.copy_of(victim.principal)), before);
  assert.deepEqual(err(await admin.backup.copy_of(intruder.principal)), { not_found: null });
  ok(await fresh.own.update_profile_details({ display_name: "f", bio: "", profile_picture_url: "" }));
  await backedUp(admin, fresh.canister);
  assert.deepEqual(
    ok(await admin.backup.changes_since(fresh.principal, 0n)),
    await records(fresh, fresh.canister.toText()),
  );
  const refused: [string, Promise<{ ok: unknown } | { err: object }>][] = [
    ["binding", intruder.backup.bind_user(victim.principal, intruder.principal)],
    ["forgetting", intruder.backup.forget_user(victim.principal)],
    ["the copy", intruder.backup.copy_of(victim.principal)],
    ["its records", intruder.backup.changes_since(victim.principal, 0n)],
    ["the list", intruder.backup.list_users({ source: [], after: [], limit: 1 })],
    ["restoring it", intruder.backup.restore_user(victim.principal, intruder.principal, 0n)],
    ["comparing it", intruder.backup.verify_user(victim.principal, intruder.principal)],
    ["retiring a canister", intruder.users.retire({ canister: victim.canister })],
    ["finishing", intruder.users.finish_restore()],
    ["binding as admin", admin.backup.bind_user(victim.principal, intruder.principal)],
    ["relinquishing as admin", admin.at(victim.canister).relinquish(victim.principal, 9n)],
    ["the same by its former name", admin.at(victim.canister).let_go(victim.principal, 9n)],
  ];
  for (const [what, reply] of refused)
    assert.deepEqual(Object.keys(err(await reply)), ["unauthorized"], what);
});

test("a user canister that knows relinquish only by its former name also stops serving a user who moves", async () => {
  const { agent, canisters } = network;
  const someone = await resident(network);
  ok(await someone.own.add_post(postInput("moving")));
  const { wasm } = await alteredCanister("user", [
    ["func relinquish(", "func relinquish_later("],
    ["#relinquish :", "#relinquish_later :"],
  ]);
  await installCanister({
    agent,
    wasm,
    arg: argumentsOfUser(canisters),
    canisterId: someone.canister.toText(),
    mode: "upgrade",
  });
  await restore({ agent, canisters, scope: { user: text(someone) } });
  assert.notEqual(await client.canisterOf(text(someone)), someone.canister.toText());
  assert.deepEqual(err(await someone.own.add_post(postInput("too-late"))), { not_registered: null });
});
