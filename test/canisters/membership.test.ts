import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, AnonymousIdentity, HttpAgent } from "@dfinity/agent";
import { type _SERVICE, idlFactory } from "@kiln/client/bindings/storage";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { upload } from "./files.ts";
import { type Caller, type CanisterNetwork, configuredBy, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
before(async () => {
  network = await startCanisters();
});
after(() => network[Symbol.asyncDispose]());

/** Milliseconds for which a refusal is reused, with some to spare. */
const reused = 4_500;

test("a role counts as soon as it is granted; for a caller refused just before, after five seconds", async () => {
  const { storage, principal } = await network.newCaller();
  const began = Date.now();
  const refusal = err(await storage.commit("granted", 1n));
  assert.deepEqual(refusal, {
    unauthorized: `${principal.toText()} lacks the role publisher or committer: an admin grants it in ${network.canisters.global_configuration}`,
  });
  ok(await network.admin.configuration.grant(principal, { publisher: null }));
  const again = err(await storage.commit("granted", 1n));
  if (Date.now() - began < reused) assert.deepEqual(again, refusal);
  await network.later(5_001);
  ok(await storage.begin_upload(upload("granted", 1, [])));
  const other = await network.newCaller();
  ok(await network.admin.configuration.grant(other.principal, { publisher: null }));
  ok(await other.storage.begin_upload(upload("granted at once", 1, [])));
});

test("a stranger's messages cost one call in five seconds, and large ones are then rejected on arrival", async () => {
  const calls = async () => {
    const { global_configuration } = network.canisters;
    const executions = await network.control.takeExecutions();
    return executions.filter(
      ({ canister, entry }) => canister === global_configuration && /member$/.test(entry),
    );
  };
  // Until the machine is fast enough to try it.
  for (let isQuick = false; !isQuick; ) {
    const { storage } = await network.newCaller();
    await calls();
    const began = Date.now();
    for (const attempt of [1n, 2n, 3n]) assert.ok("unauthorized" in err(await storage.commit("s", attempt)));
    const chunk = { file: 0, chunk: 0, bytes: new Uint8Array(10) };
    const large = await storage.put_chunk("s", 1n, chunk).catch((error: Error) => error.message);
    isQuick = Date.now() - began < reused;
    if (!isQuick) continue;
    assert.equal((await calls()).length, 1);
    assert.match(String(large), /explicitly refused/);
  }
});

test("a revoked role ends when the list is read again", async () => {
  const { storage, index, principal } = await network.newCaller();
  ok(await network.admin.configuration.grant(principal, { publisher: null }));
  ok(await storage.begin_upload(upload("revoked", 1, [])));
  ok(await network.admin.configuration.revoke(principal, { publisher: null }));
  // An upgrade clears the cache, so the test need not wait until the list is read again.
  await network.upgrade("storage");
  assert.ok("unauthorized" in err(await storage.begin_upload(upload("revoked", 1, []))));
  assert.ok("unauthorized" in err(await index.set_status("any", { Deleted: null })));
});

test("the roles of one method are not those of another", async () => {
  const { storage, index, principal } = await network.newCaller();
  ok(await network.admin.configuration.grant(principal, { moderator: null }));
  assert.ok("unauthorized" in err(await storage.begin_upload(upload("moderated", 1, []))));
  assert.deepEqual(err(await index.set_status("unknown", { Deleted: null })), { not_found: null });
});

test("a canister that cannot read the list refuses every caller", async () => {
  const { agent, canisters, modules } = network;
  // content_index has no method `member`: it stands for a list that cannot be read.
  const canisterId = await installCanister({
    agent,
    wasm: modules.storage,
    arg: configuredBy(canisters.content_index),
    mode: "install",
  });
  const storage = Actor.createActor<_SERVICE>(idlFactory, { agent, canisterId });
  const refusal = err(await storage.begin_upload(upload("blind", 1, [])));
  assert.ok("unauthorized" in refusal);
  assert.match(refusal.unauthorized, /^the membership list in [a-z0-9-]+ cannot be read: /);
});

test("an anonymous call is rejected before it costs anything", async () => {
  const agent = HttpAgent.createSync({
    host: network.url,
    identity: new AnonymousIdentity(),
    rootKey: network.agent.rootKey!,
  });
  const storage = Actor.createActor<_SERVICE>(idlFactory, { agent, canisterId: network.canisters.storage });
  await assert.rejects(storage.begin_upload(upload("anonymous", 1, [])), /reject/i);
  assert.deepEqual(await storage.upload_status("anonymous"), []);
});

const second = 1_000;

async function publisher(): Promise<Caller> {
  const caller = await network.newCaller();
  ok(await network.admin.configuration.grant(caller.principal, { publisher: null }));
  return caller;
}

/** A call that only a publisher may make. */
const attempt = ({ storage }: Caller, id: string) => storage.begin_upload(upload(id, 1, []));

test("a revoked role ends within half a minute, when the list is read again", async () => {
  const caller = await publisher();
  ok(await attempt(caller, "bound"));
  ok(await network.admin.configuration.revoke(caller.principal, { publisher: null }));
  await network.control.advanceTime(31 * second);
  assert.ok("unauthorized" in err(await attempt(caller, "bound")));
});

test("while the list cannot be read, what was read counts for a minute; then every caller is refused", async () => {
  const caller = await publisher();
  const other = await publisher();
  ok(await attempt(caller, "cut-off"));
  await network.control.setCanisterStatus(network.canisters.global_configuration, "stopped");
  ok(await attempt(caller, "cut-off"));
  const refusal = /^the membership list in [a-z0-9-]+ cannot be read: /;
  // The roles of this caller were never read.
  assert.match(
    JSON.stringify(err(await attempt(other, "cut-off-2"))).slice('{"unauthorized":"'.length),
    refusal,
  );
  await network.control.advanceTime(50 * second);
  ok(await attempt(caller, "cut-off"));
  await network.control.advanceTime(11 * second);
  assert.match(
    JSON.stringify(err(await attempt(caller, "cut-off"))).slice('{"unauthorized":"'.length),
    refusal,
  );
  await network.control.setCanisterStatus(network.canisters.global_configuration, "running");
  ok(await attempt(caller, "cut-off"));
});

test("a query that requires a role uses what was read in the last minute, then requests a refresh", async () => {
  const { index } = await publisher();
  const question = { status: { Deleted: null }, before: [] as [], limit: 1 };
  ok(await index.refresh_membership());
  ok(await index.with_status(question));
  await network.control.advanceTime(61 * second);
  assert.match(JSON.stringify(err(await index.with_status(question))), /call refresh_membership/);
  ok(await index.refresh_membership());
  ok(await index.with_status(question));
});
