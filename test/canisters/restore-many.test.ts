import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { compileCanisters } from "../../canisters/compile.ts";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { argumentsOf } from "../../src/ic/deploy/arguments.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { drill } from "../../src/ic/recovery/drill.ts";
import { restore } from "../../src/ic/recovery/restore.ts";
import { alteredCanister } from "./altered-canister.ts";
import { type CanisterNetwork, ok, startCanisters } from "./network.ts";
import { backedUp, postInput, type Resident, resident } from "./users.ts";

let network: CanisterNetwork;
let index: ReturnType<typeof userIndexClient>;
let large: Resident;
let corrupt: Resident;
let small: Resident[];

before(async () => {
  network = await startCanisters({ modules: await alteredModules() });
  index = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
  await index.configure({ ...(await index.settings()), users_per_canister: 4, pool: 0 });
  large = await resident(network);
  corrupt = await resident(network);
  small = [await resident(network), await resident(network)];
  await large.own.add_post(postInput("large", { description: "x".repeat(1_900) }));
  for (const someone of small) ok(await someone.own.add_post(postInput("small")));
  ok(await corrupt.own.add_post(postInput("corrupt")));
  await backedUp(network.admin, large.canister);
});
after(() => network[Symbol.asyncDispose]());

/** A post "large" brings thousands of records with it; a record of a post "corrupt" is restored without its value. */
async function alteredModules() {
  const modules = await compileCanisters();
  const write = "for (number in Nat32.range(0, 4_000)) user.records.write";
  const records = `(debug_show number, ?(if (number % 4 == 0) post.description else "tiny").encodeUtf8())`;
  const user = await alteredCanister("user", [
    ["maxDeleted : Nat64 = 5_000", "maxDeleted : Nat64 = 2"],
    [
      "user.addPost(post, now())",
      `do { if (post.video_uid == "large") ${write}${records}; user.addPost(post, now()) }`,
    ],
  ]);
  const backup = await alteredCanister("data_backup", [
    [
      "let changes = copy.records.since(after, maxBytes, maxChanges);",
      `let changes = copy.records.since(after, maxBytes, maxChanges).map(
        func change : Records.Change = if (change.key == "video/corrupt") ({ change with value = null }) else change
      );`,
    ],
  ]);
  return { ...modules, user: user.wasm, data_backup: backup.wasm };
}

/** A tenth of the platform's limits. @source Internet Computer documentation, "Resource limits" */
const limits = { query: 500_000_000n, update: 4_000_000_000n };

async function within<Value>(act: () => Promise<Value>): Promise<Value> {
  await network.control.takeExecutions();
  const value = await act();
  for (const { entry, instructions } of await network.control.takeExecutions()) {
    const limit = entry.startsWith("canister_query") ? limits.query : limits.update;
    // Installing code is no message of a canister.
    if (/canister_|callback|timer/.test(entry)) assert.ok(instructions < limit, `${entry}: ${instructions}`);
  }
  return value;
}

const text = ({ principal }: Resident) => principal.toText();
const states = async () => {
  const found = [];
  for await (const { state } of index.canisters()) found.push(state);
  return found.sort();
};
const corrupted = () => [{ user: text(corrupt), from: large.canister.toText(), reason: "COPY_DIFFERS" }];
const brief = (failed: { user: string; from: string; reason: string }[]) =>
  failed.map(({ reason, ...rest }) => ({ ...rest, reason: reason.slice(0, reason.indexOf(":")) }));

test("a drill passes over the corrupt user, copies the large one in pages and leaves no canister restoring", async () => {
  const { agent, canisters } = network;
  const { users, failed } = await within(() => drill({ agent, canisters, scope: "everything" }));
  assert.deepEqual([users, brief(failed)], [3, corrupted()]);
  assert.deepEqual(await states(), ["active", "free"]);
});

test("a copy beyond one message has no digest of its own and is compared in pages", async () => {
  const { admin } = network;
  const copy = ok(await admin.backup.copy_of(large.principal));
  assert.deepEqual([copy.sha256.length, copy.records], [0, 4_003n]);
  const there = admin.at(large.canister);
  assert.equal(ok(await there.digest(large.principal)).sha256.length, 0);
  let pages = 0;
  for (let [sequence, done] = [0n, false]; !done; pages += 1) {
    const page = ok(await admin.backup.verify_user_after(large.principal, large.canister, sequence));
    assert.equal(page.equal, true);
    ({ sequence, done } = page);
  }
  assert.ok(pages > 2, `${pages} pages`);
  assert.equal(ok(await admin.backup.verify_user(large.principal, large.canister)), true);
});

test("a restore moves all users but the corrupt one, who is named, and who moves once the copy is sound", async () => {
  const { agent, canisters, admin } = network;
  const from = large.canister;
  const first = await within(() => restore({ agent, canisters, scope: { canister: from.toText() } }));
  assert.deepEqual([first.users, brief(first.failed), first.left], [3, corrupted(), 0]);
  assert.equal(await index.canisterOf(text(corrupt)), from.toText());
  for (const someone of [large, ...small])
    assert.notEqual(await index.canisterOf(text(someone)), from.toText());
  // Nothing is left of the attempt: the target is in service without what was restored of the corrupt user.
  assert.deepEqual(await states(), ["active", "retired"]);
  const [to] = first.canisters;
  const residents = ok(await admin.at(large.canister).list_users({ after: [], limit: 9 }));
  assert.equal(residents.length, 4);
  assert.ok(to);
  const moved = (await index.canisterOf(text(large)))!;
  assert.equal(moved, to.to);
  ok(
    await corrupt.own.update_profile_details({
      display_name: "still here",
      bio: "",
      profile_picture_url: "",
    }),
  );

  await installCanister({
    agent,
    wasm: (await compileCanisters()).data_backup,
    arg: argumentsOf("data_backup", canisters, admin.principal.toText()),
    canisterId: canisters.data_backup,
    mode: "upgrade",
  });
  const again = await restore({ agent, canisters, scope: { canister: from.toText() } });
  assert.deepEqual([again.users, again.failed, again.left], [1, [], 0]);
  assert.notEqual(await index.canisterOf(text(corrupt)), from.toText());
});

test("a user with more posts than one message deletes leaves in steps", async () => {
  const leaver = await resident(network);
  for (const uid of ["a", "b", "c"]) ok(await leaver.own.add_post(postInput(uid)));
  let steps = 0;
  for (let done = false; !done; steps += 1) ({ done } = ok(await leaver.users.delete_requester()));
  assert.ok(steps > 1);
  assert.equal(await index.canisterOf(text(leaver)), undefined);
});
