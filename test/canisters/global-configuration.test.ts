import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Caller, type CanisterNetwork, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
let admin: Caller;
before(async () => {
  network = await startCanisters();
  admin = network.admin;
});
after(() => network[Symbol.asyncDispose]());

test("roles are granted and revoked, each change raises the epoch, a repetition changes nothing", async () => {
  const { configuration } = admin;
  const { principal } = await network.somebody();
  const { epoch } = await configuration.membership();
  assert.equal(ok(await configuration.grant(principal, { publisher: null })), epoch + 1n);
  assert.equal(ok(await configuration.grant(principal, { publisher: null })), epoch + 1n);
  assert.equal(ok(await configuration.grant(principal, { moderator: null })), epoch + 2n);
  assert.deepEqual(await configuration.roles_of(principal), [{ publisher: null }, { moderator: null }]);
  assert.equal(ok(await configuration.revoke(principal, { publisher: null })), epoch + 3n);
  assert.equal(await configuration.has_role(principal, { publisher: null }), false);
  assert.equal(await configuration.has_role(principal, { moderator: null }), true);
  assert.equal(ok(await configuration.revoke(principal, { moderator: null })), epoch + 4n);
  const { members } = await configuration.membership();
  assert.ok(!members.some(({ id }) => id.toText() === principal.toText()));
});

test("who is no admin changes nothing", async () => {
  const stranger = await network.somebody();
  const { epoch } = await admin.configuration.membership();
  const reason = `${stranger.principal.toText()} lacks the role admin`;
  assert.deepEqual(err(await stranger.configuration.grant(stranger.principal, { admin: null })), {
    unauthorized: reason,
  });
  assert.deepEqual(err(await stranger.configuration.revoke(admin.principal, { admin: null })), {
    unauthorized: reason,
  });
  assert.equal((await admin.configuration.membership()).epoch, epoch);
});

test("the last admin stays, another one can go", async () => {
  const { configuration, principal } = admin;
  const second = await network.somebody();
  assert.ok("invalid" in err(await configuration.revoke(principal, { admin: null })));
  ok(await configuration.grant(second.principal, { admin: null }));
  ok(await second.configuration.grant(second.principal, { publisher: null }));
  ok(await configuration.revoke(second.principal, { admin: null }));
  assert.ok("unauthorized" in err(await second.configuration.grant(second.principal, { admin: null })));
});

test("an upgrade keeps the list", async () => {
  const before = await admin.configuration.membership();
  await network.upgrade("global_configuration");
  assert.deepEqual(await admin.configuration.membership(), before);
});
