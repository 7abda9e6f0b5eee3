import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Principal } from "@dfinity/principal";
import type { Canister, Kind, Member } from "@kiln/client/bindings/global_configuration";
import { type Caller, type CanisterNetwork, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
let admin: Caller;
before(async () => {
  network = await startCanisters();
  admin = network.admin;
});
after(() => network[Symbol.asyncDispose]());

const list = () => admin.configuration.members({ after: [], limit: 1000 });

test("roles are granted and revoked; each change raises the epoch, a repetition does not", async () => {
  const { configuration } = admin;
  const { principal } = await network.newCaller();
  const { epoch } = await list();
  assert.equal(ok(await configuration.grant(principal, { publisher: null })), epoch + 1n);
  assert.equal(ok(await configuration.grant(principal, { publisher: null })), epoch + 1n);
  assert.equal(ok(await configuration.grant(principal, { moderator: null })), epoch + 2n);
  assert.deepEqual(await configuration.roles_of(principal), [{ publisher: null }, { moderator: null }]);
  assert.equal(ok(await configuration.revoke(principal, { publisher: null })), epoch + 3n);
  assert.equal(await configuration.has_role(principal, { publisher: null }), false);
  assert.equal(await configuration.has_role(principal, { moderator: null }), true);
  assert.equal(ok(await configuration.revoke(principal, { moderator: null })), epoch + 4n);
  const { members } = await list();
  assert.ok(!members.some(({ id }) => id.toText() === principal.toText()));
});

test("callers other than admins change nothing", async () => {
  const stranger = await network.newCaller();
  const { epoch } = await list();
  const reason = `${stranger.principal.toText()} lacks the role admin`;
  assert.deepEqual(err(await stranger.configuration.grant(stranger.principal, { admin: null })), {
    unauthorized: reason,
  });
  assert.deepEqual(err(await stranger.configuration.revoke(admin.principal, { admin: null })), {
    unauthorized: reason,
  });
  assert.equal((await list()).epoch, epoch);
});

test("the last admin cannot be removed, another one can", async () => {
  const { configuration, principal } = admin;
  const second = await network.newCaller();
  assert.ok("invalid" in err(await configuration.revoke(principal, { admin: null })));
  ok(await configuration.grant(second.principal, { admin: null }));
  ok(await second.configuration.grant(second.principal, { publisher: null }));
  ok(await configuration.revoke(second.principal, { admin: null }));
  assert.ok("unauthorized" in err(await second.configuration.grant(second.principal, { admin: null })));
});

test("members are listed page by page", async () => {
  const { members } = await list();
  const seen: string[] = [];
  let after: [] | [Principal] = [];
  for (;;) {
    const { members: page }: { members: Member[] } = await admin.configuration.members({ after, limit: 1 });
    if (page.length === 0) break;
    seen.push(page[0]!.id.toText());
    after = [page[0]!.id];
  }
  assert.deepEqual(
    seen,
    members.map(({ id }) => id.toText()),
  );
});

test("canisters receive the roles of a caller by name, and the epoch for which they hold", async () => {
  const { configuration, principal } = admin;
  const { epoch } = await list();
  assert.deepEqual(await configuration.member(principal), { epoch, roles: ["admin", "publisher"] });
  const { principal: stranger } = await network.newCaller();
  assert.deepEqual(await configuration.member(stranger), { epoch, roles: [] });
});

const subnet = (name: string) => Principal.fromUint8Array(Uint8Array.from(Buffer.from(name)));
const canister = (name: string, kind: Kind, on?: Principal): Canister => ({
  id: Principal.fromUint8Array(Uint8Array.from(Buffer.from(`canister ${name}`))),
  kind,
  subnet: on ? [on] : [],
});

test("canisters are found by kind and subnet, have the role canister, and lose it when they are deregistered", async () => {
  const { configuration } = admin;
  const [one, two] = [subnet("one"), subnet("two")];
  const added = [
    canister("a", { data_backup: null }, one),
    canister("b", { user_index: null }, one),
    canister("c", { data_backup: null }, two),
  ];
  for (const each of added) ok(await configuration.register_canister(each));
  const { epoch } = await list();
  assert.equal(ok(await configuration.register_canister(added[0]!)), epoch);
  // The network has canisters of its own, and user_index may add one at any time.
  const mine = new Set(added.map(({ id }) => id.toText()));
  const find = async (question: Partial<Parameters<typeof configuration.canisters>[0]>) => {
    const found = await configuration.canisters({ kind: [], subnet: [], after: [], limit: 100, ...question });
    return found.filter(({ id }) => mine.has(id.toText()));
  };
  assert.deepEqual(await find({ kind: [{ data_backup: null }] }), [added[0], added[2]]);
  assert.deepEqual(await find({ subnet: [one] }), [added[0], added[1]]);
  assert.deepEqual(await find({ kind: [{ data_backup: null }], after: [added[0]!.id] }), [added[2]]);
  assert.deepEqual(await find({ kind: [{ data_backup: null }], subnet: [two] }), [added[2]]);
  assert.equal((await configuration.canisters({ kind: [], subnet: [], after: [], limit: 2 })).length, 2);
  const kinds = (await find({})).map(({ kind }) => Object.keys(kind)[0]).sort();
  assert.deepEqual(kinds, ["data_backup", "data_backup", "user_index"]);

  assert.deepEqual(await configuration.roles_of(added[0]!.id), [{ canister: null }]);
  ok(await configuration.deregister_canister(added[0]!.id));
  assert.deepEqual(await configuration.roles_of(added[0]!.id), []);
  assert.deepEqual(await find({ kind: [{ data_backup: null }] }), [added[2]]);
});

test("the registered user_index may register user canisters, and nothing else", async () => {
  const index = await network.newCaller();
  const mine = canister("mine", { user: null });
  assert.ok("unauthorized" in err(await index.configuration.register_canister(mine)));
  ok(
    await admin.configuration.register_canister({
      id: index.principal,
      kind: { user_index: null },
      subnet: [],
    }),
  );
  ok(await index.configuration.register_canister(mine));
  assert.deepEqual(await index.configuration.roles_of(mine.id), [{ canister: null }]);
  ok(await index.configuration.deregister_canister(mine.id));
  assert.ok(
    "unauthorized" in err(await index.configuration.register_canister(canister("x", { storage: null }))),
  );
  ok(await admin.configuration.deregister_canister(index.principal));
  assert.ok("unauthorized" in err(await index.configuration.register_canister(mine)));
});

test("admins set flags and well-known principals, under valid names", async () => {
  const { configuration, principal } = admin;
  ok(await configuration.set_flag("signups_enabled", true));
  ok(await configuration.set_flag("betting", false));
  assert.deepEqual(await configuration.list_flags(), [
    ["betting", false],
    ["signups_enabled", true],
  ]);
  ok(await configuration.set_well_known_principal("super_admin", [principal]));
  assert.deepEqual(await configuration.get_well_known_principal_value("super_admin"), [principal]);
  ok(await configuration.set_well_known_principal("super_admin", []));
  assert.deepEqual(await configuration.list_well_known_principals(), []);
  for (const name of ["", "Upper", "a b", "a".repeat(65)]) {
    assert.ok("invalid" in err(await configuration.set_flag(name, true)), name);
    assert.ok("invalid" in err(await configuration.set_well_known_principal(name, [principal])), name);
  }
  const stranger = await network.newCaller();
  assert.ok("unauthorized" in err(await stranger.configuration.set_flag("betting", true)));
  assert.ok("unauthorized" in err(await stranger.configuration.set_well_known_principal("me", [principal])));
});

test("the audit log has every change once, and no refused calls or repetitions", async () => {
  const { configuration, principal } = admin;
  const log = (from: bigint) => configuration.audit_log({ from, limit: 1000 });
  const from = BigInt((await log(0n)).length);
  const { principal: member, configuration: other } = await network.newCaller();
  for (let repeated = 0; repeated < 2; repeated++) {
    ok(await configuration.grant(member, { uploader: null }));
    ok(await configuration.set_flag("audited", true));
  }
  err(await other.grant(member, { admin: null }));
  ok(await configuration.revoke(member, { uploader: null }));
  const entries = await log(from);
  assert.deepEqual(
    entries.map(({ sequence, by, change }) => ({ sequence, by: by.toText(), change })),
    [
      `granted uploader to ${member.toText()}`,
      "set flag audited to on",
      `revoked uploader of ${member.toText()}`,
    ].map((change, index) => ({ sequence: from + BigInt(index), by: principal.toText(), change })),
  );
  assert.deepEqual(await configuration.audit_log({ from: from + 1n, limit: 1 }), [entries[1]]);
});

test("an upgrade keeps the list", async () => {
  const before = await list();
  await network.upgrade("global_configuration");
  assert.deepEqual(await list(), before);
});
