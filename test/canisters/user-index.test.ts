import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { rollOut } from "../../src/ic/deploy/apply.ts";
import { argumentsOf } from "../../src/ic/deploy/arguments.ts";
import { replaceCode } from "../../src/ic/deploy/replace-code.ts";
import { drill } from "../../src/ic/recovery/drill.ts";
import { restore } from "../../src/ic/recovery/restore.ts";
import { alteredCanister } from "./altered-canister.ts";
import { type CanisterNetwork, err, isRefused, ok, startCanisters, withSection } from "./network.ts";
import { backedUp, postInput, type Resident, readyPost, resident } from "./users.ts";

let network: CanisterNetwork;
let client: ReturnType<typeof userIndexClient>;
before(async () => {
  network = await startCanisters();
  client = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
});
after(() => network[Symbol.asyncDispose]());

const settle = async (users_per_canister: number, pool: number) =>
  client.configure({ ...(await client.settings()), users_per_canister, pool });

/** The user canister's module with a fault in its health check and one more stable variable. */
async function brokenModule(): Promise<Uint8Array> {
  const broken = await alteredCanister("user", [
    ["public query func health()", "let added = 1;\n  public query func health()"],
    [
      "users = Nat64.fromNat(users.size());",
      "users = Nat64.fromNat(users.size() - added - users.size() : Nat);",
    ],
  ]);
  return broken.wasm;
}

test("with one user per canister each user gets a canister; one that was never used is recycled", async () => {
  await settle(1, 0);
  const [first, second] = await Promise.all([resident(network), resident(network)]);
  assert.notEqual(first.canister.toText(), second.canister.toText());
  ok(await second.own.add_post(postInput("used")));
  assert.equal(await client.recycleIfAbandoned(first.principal.toText()), true);
  assert.equal(await client.recycleIfAbandoned(second.principal.toText()), false);
  assert.equal(await client.canisterOf(first.principal.toText()), undefined);
  const third = await resident(network);
  assert.equal(third.canister.toText(), first.canister.toText(), "the next user gets it");
  assert.deepEqual(await third.own.health(), { users: 1n, changes: 1n });
  await settle(1_000, 1);
});

test("a lowered limit of users keeps new ones out of canisters with more, also when one of theirs leaves", async () => {
  await settle(3, 0);
  const group = [await resident(network)];
  while (group.length < 3) group.push(await resident(network));
  await settle(2, 0);
  const [leaver, ...others] = group as [Resident, ...Resident[]];
  for (let done = false; !done; ) ({ done } = ok(await leaver.users.delete_requester()));
  const next = await resident(network);
  for (const { canister } of others) assert.notEqual(next.canister.toText(), canister.toText());
  await settle(1_000, 1);
});

test("two concurrent requests of a user get the same canister", async () => {
  const caller = await network.newCaller();
  const request = () => caller.users.get_requester_principals_canister_id_create_if_not_exists();
  const [one, other] = await Promise.all([request(), request()]);
  assert.ok("Ok" in one);
  assert.deepEqual(one, other);
});

test("only admins may change anything; settings and modules are checked", async () => {
  const stranger = await network.newCaller();
  const { users } = stranger;
  const settings = await users.get_settings();
  const { principal } = stranger;
  const refused: [string, Promise<{ ok: unknown } | { err: object }>][] = [
    ["configure", users.configure(settings)],
    ["provision", users.provision()],
    ["recycle_if_abandoned", users.recycle_if_abandoned(principal)],
    ["begin_module", users.begin_module({ version: "1", sha256: new Uint8Array(32), chunks: 1 })],
    ["commit_module", users.commit_module()],
    ["start", users.start_upgrades_for_individual_canisters()],
    ["pause", users.pause_upgrades()],
    ["resume", users.resume_upgrades()],
    ["open_restore", users.open_restore({ from: principal, purpose: { move: null } })],
    ["close_restore", users.close_restore(principal, principal)],
    ["end_restore", users.end_restore(principal)],
    ["configure_sweep", users.configure_sweep({ abandoned_after_seconds: [] })],
    ["sweep_abandoned", users.sweep_abandoned()],
    ["watch_canister", users.watch_canister(principal)],
    ["fund", users.fund()],
    ["a copy", stranger.backup.copy_of(principal)],
    ["copies", stranger.backup.list_users({ source: [], after: [], limit: 1 })],
    ["records of a copy", stranger.backup.changes_since(principal, 0n)],
    ["restoring", stranger.backup.restore_user(principal, principal, 0n)],
    ["verifying", stranger.backup.verify_user(principal, principal)],
    ["forgetting", stranger.backup.forget_user(principal)],
  ];
  for (const [name, reply] of refused)
    assert.deepEqual(Object.keys(err(await reply)), ["unauthorized"], name);
  await isRefused(stranger.backup.apply_changes([]));
  await isRefused(users.put_module_chunk(0, new Uint8Array(1)));

  const { admin } = network;
  const invalid: [string, Promise<{ ok: unknown } | { err: object }>][] = [
    ["no users", admin.users.configure({ ...settings, users_per_canister: 0 })],
    ["a huge pool", admin.users.configure({ ...settings, pool: 1_001 })],
    ["a sweep of an hour", admin.users.configure_sweep({ abandoned_after_seconds: [3_600n] })],
    ["a short hash", admin.users.begin_module({ version: "1", sha256: new Uint8Array(31), chunks: 1 })],
    ["a chunk of no module", admin.users.put_module_chunk(0, new Uint8Array(1))],
    ["a commit of nothing", admin.users.commit_module()],
  ];
  for (const [name, reply] of invalid) assert.deepEqual(Object.keys(err(await reply)), ["invalid"], name);
  ok(await admin.users.begin_module({ version: "1", sha256: new Uint8Array(32), chunks: 1 }));
  ok(await admin.users.put_module_chunk(0, new Uint8Array(10)));
  assert.match(JSON.stringify(err(await admin.users.commit_module())), /do not have the announced SHA-256/);
});

test("a new module is rolled out to all user canisters after a backup, and they keep their data", async () => {
  const { admin } = network;
  const author = await resident(network);
  const id = await readyPost(admin, author, "kept");
  const before = await author.own.get_individual_post_details_by_id({ owner: author.principal, id });
  const upgrades = await rollOut(
    network.agent,
    network.canisters.user_index,
    withSection(network.modules.user, "2"),
    "2",
  );
  assert.deepEqual(
    { ...upgrades, sha256: 0 },
    { ...upgrades, sha256: 0, state: "done", failures: [], version: "2" },
  );
  assert.equal(upgrades.successful_upgrade_count, upgrades.canisters);
  assert.ok(upgrades.canisters >= 3);
  assert.deepEqual(
    await author.own.get_individual_post_details_by_id({ owner: author.principal, id }),
    before,
  );
  const copy = ok(await admin.backup.copy_of(author.principal));
  assert.ok(copy.sequence >= 4n, "acknowledged before the upgrade");
  for await (const { module_sha256 } of client.canisters()) assert.deepEqual(module_sha256, upgrades.sha256);
});

test("a module that fails its check is rolled back by the snapshot, and the rollout pauses; the next rollout succeeds", async () => {
  const { admin, agent, canisters, modules } = network;
  const author = await resident(network);
  const id = await readyPost(admin, author, "survives");
  const post = { owner: author.principal, id };
  const before = await author.own.get_individual_post_details_by_id(post);
  await assert.rejects(rollOut(agent, canisters.user_index, await brokenModule(), "ill"), (error: Error) => {
    assert.match(
      error.message,
      /0 of \d+ user canisters were upgraded, then \d+ failed and are as they were/,
    );
    assert.match(error.message, /rolled back/);
    return true;
  });
  assert.deepEqual(await author.own.get_individual_post_details_by_id(post), before);
  // The history has a new incarnation: the copy is made again and kept up to date.
  ok(await author.own.update_profile_details({ display_name: "after", bio: "", profile_picture_url: "" }));
  await backedUp(admin, author.canister);
  assert.deepEqual(
    ok(await admin.backup.changes_since(author.principal, 0n)),
    ok(await admin.at(author.canister).changes_since(author.principal, 0n)),
  );
  const upgrades = await rollOut(agent, canisters.user_index, withSection(modules.user, "3"), "3");
  assert.equal(upgrades.state, "done");
});

test("a rollout continues after an upgrade of user_index itself", async () => {
  const { agent, canisters, modules } = network;
  await client.sendModule("4", withSection(modules.user, "4"));
  await client.startUpgrades();
  await replaceCode({
    agent,
    journal: async () => {},
    canisterId: canisters.user_index,
    wasm: withSection(modules.user_index, "4"),
    arg: argumentsOf("user_index", canisters, (await agent.getPrincipal()).toText()),
    healthy: () => client.status(),
  });
  for (;;) {
    const { state, failures } = await client.upgrades();
    assert.deepEqual(failures, []);
    if (state === "done") break;
  }
});

test("the drill restores all users into fresh canisters and compares every byte; no user moves", async () => {
  const { agent, canisters } = network;
  const users = await client.status();
  const restored = await drill({ agent, canisters, scope: "everything" });
  assert.ok(restored.users >= users.users && restored.records > restored.users && restored.bytes > 0);
  assert.deepEqual((await client.status()).users, users.users);
});

test("a user whose canister is lost continues in a fresh one, with the same bytes", async () => {
  const { admin, agent, canisters } = network;
  const author = await resident(network);
  const id = await readyPost(admin, author, "rescued");
  const post = { owner: author.principal, id };
  await backedUp(admin, author.canister);
  const before = await author.own.get_individual_post_details_by_id(post);
  const restored = await restore({ agent, canisters, scope: { user: author.principal.toText() } });
  assert.equal(restored.users, 1);
  const now = await client.canisterOf(author.principal.toText());
  assert.equal(now, restored.canisters[0]?.to);
  assert.notEqual(now, author.canister.toText());
  const moved = await author.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.ok("Ok" in moved);
  const own = author.at(moved.Ok);
  assert.deepEqual(await own.get_individual_post_details_by_id(post), before);
  assert.equal(ok(await own.add_post(postInput("rescued"))), id);
  assert.equal(ok(await own.add_post(postInput("next"))), id + 1n);
  await backedUp(admin, moved.Ok);
  assert.equal(ok(await admin.backup.copy_of(author.principal)).source.toText(), moved.Ok.toText());
  // The former canister has relinquished the user.
  assert.deepEqual(err(await author.own.add_post(postInput("old"))), { not_registered: null });
});

test("a user who leaves is removed: canister, records and copy", async () => {
  const { admin } = network;
  const leaving = await resident(network);
  await readyPost(admin, leaving, "gone");
  await backedUp(admin, leaving.canister);
  for (;;) if (ok(await leaving.users.delete_requester()).done) break;
  assert.deepEqual(await leaving.users.get_user_canister_id_from_user_principal_id(leaving.principal), []);
  assert.deepEqual(await leaving.own.get_profile_details(leaving.principal), []);
  assert.deepEqual(err(await admin.backup.copy_of(leaving.principal)), { not_found: null });
});

test("canisters below the threshold are topped up within the daily limit, and the others are reported", async () => {
  const settings = await client.settings();
  const { balance } = await network.admin.backup.cycles_report();
  const trillion = 1_000_000_000_000n;
  const funding = {
    below: balance + trillion,
    to: balance + trillion,
    daily_limit: 2n * trillion,
    reserve: trillion,
  };
  await client.configure({ ...settings, funding });
  await client.fund();
  const { spent_today, watched } = await client.funding();
  const backup = watched.find(({ canister }) => canister === network.canisters.data_backup);
  assert.ok(spent_today <= funding.daily_limit && spent_today > 0n);
  assert.ok(watched.some(({ received }) => received > 0n));
  assert.ok(
    watched.some(({ failure }) => failure !== ""),
    "the limit does not allow all of them",
  );
  assert.ok(backup && backup.balance > 0n);
  await client.fund();
  assert.ok((await client.funding()).spent_today <= funding.daily_limit);
});
