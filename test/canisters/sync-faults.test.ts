import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Principal } from "@dfinity/principal";
import type { Fault } from "@kiln/localnet";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { alteredCanister } from "./altered-canister.ts";
import { type CanisterNetwork, ok, startCanisters } from "./network.ts";
import { argumentsOfUser, type Resident, readyPost, resident } from "./users.ts";
import { video } from "./videos.ts";

let network: CanisterNetwork;
let author: Resident;
let viewer: Resident;
let post: { owner: Principal; id: bigint };
const uid = "faulty";

before(async () => {
  network = await startCanisters();
  const { admin, agent, canisters, control } = network;
  const client = userIndexClient({ agent, canisterId: canisters.user_index });
  // The user canister is on another subnet than the canisters that it notifies.
  const [, second] = await control.subnetIds();
  const subnets = [second!];
  await client.configure({ ...(await client.settings()), subnets, users_per_canister: 1, pool: 0 });
  const isThere = async () => {
    for await (const { id, subnet } of client.canisters())
      if (id === author.canister.toText()) return subnet === second;
    return false;
  };
  // Canisters of the pool are assigned first, and are on another subnet.
  do author = await resident(network);
  while (!(await isThere()));
  viewer = await resident(network);
  ok(await admin.index.upsert_video({ ...video(uid), owner: author.principal }));
  post = { owner: author.principal, id: await readyPost(admin, author, uid) };
});
after(() => network[Symbol.asyncDispose]());

const second = 1_000;
const minute = 60 * second;

/** Advances the network's clock until the condition holds, in steps that grow to a minute. */
async function eventually(holds: () => Promise<boolean>, first = 5 * second): Promise<void> {
  for (let steps = 0; steps < 500; steps += 1) {
    if (await holds()) return;
    await network.later(Math.min(first * 2 ** steps, minute));
  }
  assert.fail("the condition was never met");
}

async function backupIsEqual(): Promise<boolean> {
  const { admin } = network;
  const own = ok(await admin.at(author.canister).digest(author.principal));
  const copy = await admin.backup.copy_of(author.principal);
  if ("err" in copy || copy.ok.sequence !== own.sequence) return false;
  assert.deepEqual(copy.ok.sha256, own.sha256);
  assert.deepEqual(
    ok(await admin.backup.changes_since(author.principal, 0n)),
    ok(await admin.at(author.canister).changes_since(author.principal, 0n)),
  );
  return true;
}

async function indexIsEqual(): Promise<boolean> {
  const [entry] = await network.admin.index.get(uid);
  const [details] = await author.own.get_individual_post_details_by_id(post);
  const known = entry?.post[0]?.statistics;
  const { total_view_count, average_watch_percentage } = details!.view_stats;
  return (
    known !== undefined &&
    known.views === total_view_count &&
    known.average_watch_percentage === average_watch_percentage &&
    known.likes === details!.like_count &&
    known.hot_votes === details!.hot_count
  );
}

const bothAreEqual = async () => (await backupIsEqual()) && (await indexIsEqual());

let watched = 0;
/** A change for both, a little different each time. */
async function change(): Promise<void> {
  watched += 1;
  const percentage_watched = 1 + (watched % 100);
  ok(
    await viewer
      .at(author.canister)
      .update_post_add_view_details(post, { WatchedPartially: { percentage_watched } }),
  );
  ok(await viewer.at(author.canister).update_post_toggle_like_status_by_caller(post));
  const profile = { display_name: `change ${watched}`, bio: "", profile_picture_url: "" };
  ok(await author.own.update_profile_details(profile));
}

const targets = { content_index: "apply_posts", data_backup: "apply_changes" } as const;
const fates: [string, Pick<Fault, "kind"> & Record<string, unknown>][] = [
  ["the message is refused", { kind: "reject", times: 3 }],
  ["the message is lost", { kind: "drop", what: "request", times: 2 }],
  ["its reply is lost", { kind: "drop", what: "reply", times: 2 }],
  ["the message is late", { kind: "delay", milliseconds: 100, times: 1 }],
];
for (const [name, method] of Object.entries(targets))
  for (const [what, fate] of fates)
    test(`${name}: ${what}; nothing is lost, nothing counts twice`, async () => {
      await eventually(bothAreEqual);
      await network.control.injectFault({
        ...fate,
        caller: author.canister.toText(),
        method,
      } as unknown as Fault);
      await change();
      await network.later(3 * second);
      // While the first message is under way.
      await change();
      await eventually(bothAreEqual);
      await network.control.clearFaults();
    });

test("a message that was given up and arrives after newer ones changes nothing", async () => {
  const { canisters, control } = network;
  await eventually(bothAreEqual);
  const caller = author.canister.toText();
  const milliseconds = 3_600 * second;
  for (const method of Object.values(targets))
    await control.injectFault({ kind: "delay", milliseconds, caller, method, times: 1 });
  await change();
  await network.later(3 * second);
  await change();
  // Longer than the sender waits for an answer, and then until it has sent a newer message.
  await network.later(61 * second);
  await eventually(bothAreEqual);
  await control.takeExecutions();
  await network.later(milliseconds);
  const late = new Set<string>();
  for (let reads = 0; late.size < 2; reads += 1) {
    assert.ok(reads < 500, "the late messages never arrived");
    for (const { canister, entry } of await control.takeExecutions())
      for (const [name, method] of Object.entries(targets))
        if (canister === canisters[name as keyof typeof targets] && entry === `canister_update ${method}`)
          late.add(name);
    assert.equal(await bothAreEqual(), true);
  }
});

test("each is notified while the other is stopped", async () => {
  const { canisters, control } = network;
  for (const [stopped, other] of [
    [canisters.content_index, backupIsEqual],
    [canisters.data_backup, indexIsEqual],
  ] as const) {
    await control.setCanisterStatus(stopped, "stopped");
    await change();
    // Long enough for pauses of minutes between tries.
    await network.later(10 * minute, minute);
    await change();
    if (stopped === canisters.content_index) await eventually(other);
    await control.setCanisterStatus(stopped, "running");
    await eventually(bothAreEqual, minute);
  }
});

test("tries become rare while a canister is unavailable, to save cycles", async () => {
  const { canisters, control } = network;
  const user = author.canister.toText();
  await eventually(bothAreEqual);
  await control.setCanisterStatus(canisters.data_backup, "stopped");
  await change();
  await control.takeExecutions();
  await network.later(40 * minute, minute);
  const timers = (await control.takeExecutions()).filter(
    ({ canister, entry }) => canister === user && /timer/.test(entry),
  );
  // 2, 4, 8 ... 512 s, then every 512 s; and the hourly ones.
  assert.ok(timers.length > 5 && timers.length < 25, `${timers.length} timers`);
  await control.setCanisterStatus(canisters.data_backup, "running");
  await eventually(bothAreEqual, minute);
});

test("a message that traps before it is sent is sent later, without an upgrade and without another change", async () => {
  const { agent, canisters, control } = network;
  await eventually(bothAreEqual);
  const trap = 'if (Time.now() < born + 1_200_000_000_000) Runtime.trap "altered";';
  const { wasm } = await alteredCanister("user", [
    ["armedUntil := 0;\n        ignore", `armedUntil := 0;\n        ${trap}\n        ignore`, "Channel.mo"],
    ["var busy", "let born = Time.now();\n    var busy", "Channel.mo"],
    ["import Set", 'import Runtime "mo:core/Runtime";\nimport Set', "Channel.mo"],
  ]);
  const canisterId = author.canister.toText();
  await installCanister({ agent, wasm, arg: argumentsOfUser(canisters), canisterId, mode: "upgrade" });
  await change();
  await control.takeExecutions();
  await network.later(10 * minute, 5 * minute);
  assert.equal(await backupIsEqual(), false);
  await network.later(70 * minute, 10 * minute);
  assert.equal(await bothAreEqual(), true);
});

test("changes made while a subnet is stopped are sent when it runs again", async () => {
  const { control } = network;
  await control.stopSubnet(0);
  await change();
  await control.advanceTime(3 * second);
  await change();
  await control.advanceTime(61 * second);
  await control.startSubnet(0);
  await eventually(bothAreEqual, 30 * second);
});

test("everything is sent again to an index that lost updates and to a backup that lost a copy", async () => {
  const { admin, agent, canisters } = network;
  await eventually(bothAreEqual);
  const { loadSnapshot, takeSnapshot } = await import("../../src/ic/recovery/snapshots.ts");
  const { snapshot } = await takeSnapshot(agent, canisters.content_index);
  await change();
  await eventually(bothAreEqual);
  const [{ post: [known] = [] } = assert.fail("no entry")] = await admin.index.get(uid);
  await loadSnapshot(agent, canisters.content_index, snapshot);
  assert.notDeepEqual((await admin.index.get(uid))[0]?.post[0], known);
  ok(await admin.backup.forget_user(author.principal));
  // An update of another post: the index notices that it lacks numbers that it acknowledged.
  await readyPost(admin, author, "another");
  await eventually(bothAreEqual);
  assert.deepEqual((await admin.index.get(uid))[0]?.post[0], known);
});
