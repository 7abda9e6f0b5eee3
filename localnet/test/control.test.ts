import assert from "node:assert/strict";
import { test } from "node:test";
import { controlOf, ExecutionLog } from "../src/control.ts";
import { createReplica } from "../src/replica/replica.ts";
import { deploy, fixture } from "./replica/local-canisters.ts";

test("when the clock has been set forward, all that timers set off has run", async () => {
  const clock = { offset: 1n };
  await using replica = await createReplica({ subnetId: new Uint8Array(29), now: () => clock.offset });
  const control = controlOf(replica, new ExecutionLog(), clock);
  const actor = await deploy(replica, await fixture("Actor"));
  await actor.update("arm", [], []);
  await control.advanceTime(1);
  assert.equal(await actor.query("ticked"), 1n);
});
