import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import * as contentIndex from "@kiln/client/bindings/content_index";
import * as storage from "@kiln/client/bindings/storage";
import { management } from "../../src/ic/canisters/management.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { upload } from "./files.ts";
import { type CanisterNetwork, configuredBy, err, ok, startCanisters } from "./network.ts";
import { video } from "./videos.ts";

let network: CanisterNetwork;
let bucket: string;
let index: string;
before(async () => {
  network = await startCanisters();
  bucket = await installOn(1, "storage");
  index = await installOn(2, "content_index");
});
after(() => network[Symbol.asyncDispose]());

const second = 1_000;

/** Installs a canister on another subnet than that of global_configuration, which is the first. */
async function installOn(subnet: number, name: "storage" | "content_index"): Promise<string> {
  const { agent, canisters, modules } = network;
  const id = new Uint8Array([0, 0, 0, 0, 0, subnet << 4, 0, 0, 1, 1]);
  const created = await management(
    agent,
    Principal.fromUint8Array(id).toText(),
  ).provisional_create_canister_with_cycles({
    amount: [],
    settings: [],
    specified_id: [],
    sender_canister_version: [],
  });
  const canisterId = created.canister_id.toText();
  const arg = configuredBy(canisters.global_configuration);
  return installCanister({ agent, wasm: modules[name], arg, canisterId, mode: "install" });
}

/** A publisher that calls the canisters on the other subnets. */
async function publisher() {
  const agent: HttpAgent = await network.stranger();
  const principal = await agent.getPrincipal();
  ok(await network.admin.configuration.grant(principal, { publisher: null }));
  const at = {
    bucket: Actor.createActor<storage._SERVICE>(storage.idlFactory, { agent, canisterId: bucket }),
    index: Actor.createActor<contentIndex._SERVICE>(contentIndex.idlFactory, { agent, canisterId: index }),
  };
  return {
    principal,
    publish: async () => [
      await at.bucket.begin_upload(upload(principal.toText(), 1, [])),
      await at.index.upsert_video(video("over-subnets")),
    ],
    list: () => at.index.with_status({ status: { Deleted: null }, before: [], limit: 1 }),
  };
}

test("canisters on other subnets than the list: a role counts at once and ends within half a minute after it is revoked", async () => {
  const { principal, publish, list } = await publisher();
  for (const answer of await publish()) ok<unknown>(answer);
  ok(await list());
  ok(await network.admin.configuration.revoke(principal, { publisher: null }));
  await network.control.advanceTime(31 * second);
  for (const answer of await publish()) assert.ok("unauthorized" in err<object>(answer));
  assert.ok("unauthorized" in err(await list()));
});

test("while the subnet of the list is stopped, what was read counts for a minute; then updates and queries refuse", async () => {
  const { publish, list } = await publisher();
  for (const answer of await publish()) ok<unknown>(answer);
  const { control } = network;
  await control.stopSubnet(0);
  ok(await list());
  for (const answer of await publish()) ok<unknown>(answer);
  await control.advanceTime(61 * second);
  assert.match(JSON.stringify(err(await list())), /call refresh_membership/);
  const refused = publish();
  // The request for the caller's roles times out after ten seconds of the network's clock, not of this machine's.
  let settled = false;
  void refused.finally(() => {
    settled = true;
  });
  while (!settled) {
    await control.advanceTime(11 * second);
    // A query gives the network a turn.
    await list();
  }
  for (const answer of await refused)
    assert.match(JSON.stringify(err<object>(answer)), /the membership list in [a-z0-9-]+ cannot be read/);
  await control.startSubnet(0);
  for (const answer of await publish()) ok<unknown>(answer);
});
