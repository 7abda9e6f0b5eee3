import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { upload } from "./files.ts";
import { type Caller, type CanisterNetwork, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
before(async () => {
  network = await startCanisters();
});
after(() => network[Symbol.asyncDispose]());

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
