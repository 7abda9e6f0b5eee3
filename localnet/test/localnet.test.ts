import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  Actor,
  type ActorSubclass,
  CanisterStatus,
  Certificate,
  type CertifiedRejectErrorCode,
  HttpAgent,
  type RejectError,
} from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { type Localnet, startLocalnet } from "../src/index.ts";
import { installCanister } from "./management.ts";
import { fixture } from "./replica/local-canisters.ts";

const folder = await mkdtempDisposable(join(tmpdir(), "localnet-"));
/** Shared by the tests that need no network of their own; the one that changes its clock comes last. */
let network: Localnet;
before(async () => {
  network = await startLocalnet({ subnets: 2 });
});
after(async () => {
  await network.close();
  await folder.remove();
});
const owner = Ed25519KeyIdentity.generate();

interface Counter {
  add(amount: bigint): Promise<bigint>;
  get(): Promise<bigint>;
  certificate(): Promise<[Uint8Array] | []>;
  whoami(): Promise<Principal>;
  boom(): Promise<void>;
}

const interfaceOf: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    add: IDL.Func([IDL.Nat], [IDL.Nat], []),
    get: IDL.Func([], [IDL.Nat], ["query"]),
    certificate: IDL.Func([], [IDL.Opt(IDL.Vec(IDL.Nat8))], ["query"]),
    whoami: IDL.Func([], [IDL.Principal], ["query"]),
    boom: IDL.Func([], [], []),
  });

const agentOf = (network: Localnet) =>
  HttpAgent.create({ host: network.url, identity: owner, shouldFetchRootKey: true });

async function counterAt(network: Localnet, canisterId: Principal): Promise<ActorSubclass<Counter>> {
  return Actor.createActor<Counter>(interfaceOf, { agent: await agentOf(network), canisterId });
}

/** Creates a canister that counts. */
async function install(network: Localnet, near?: Principal): Promise<Principal> {
  return installCanister(await agentOf(network), await fixture("Actor"), near);
}

test("a Motoko canister runs behind the unmodified agent", async () => {
  const canisterId = await install(network);
  const actor = await counterAt(network, canisterId);
  assert.equal(await actor.add(3n), 3n);
  assert.equal(await actor.get(), 3n);
  assert.deepEqual(await actor.whoami(), owner.getPrincipal());
  await assert.rejects(actor.boom(), (error: RejectError) => {
    assert.match(error.message, /boom/);
    const { isCertified, rejectCode, rejectErrorCode } = error.code as CertifiedRejectErrorCode;
    assert.deepEqual([isCertified, rejectCode, rejectErrorCode], [true, 5, "IC0503"]);
    return true;
  });
  assert.equal(await actor.get(), 3n);
  const status = await CanisterStatus.request({
    agent: await agentOf(network),
    canisterId,
    paths: ["controllers", "module_hash", "candid"],
  });
  assert.deepEqual(status.get("controllers"), [owner.getPrincipal()]);
  assert.match(String(status.get("candid")), /get: \(\) -> \(nat\) query/);
});

test("a canister of another subnet is believed by its subnet's key, which the root key vouches for", async () => {
  const canisterId = await install(network, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  assert.ok(canisterId.toText().endsWith("aaaaa-qaaaa-cai"));
  const actor = await counterAt(network, canisterId);
  assert.equal(await actor.add(4n), 4n);
  // The agent checks the query's signature by the keys of the subnet's node.
  assert.equal(await actor.get(), 4n);
  const [bytes] = await actor.certificate();
  const shown = { certificate: bytes!, rootKey: network.rootKey };
  const certificate = await Certificate.create({ ...shown, canisterId });
  assert.equal(certificate.cert.delegation?.subnet_id.length, 29);
  const elsewhere = Principal.fromText("rwlgt-iiaaa-aaaaa-aaaaa-cai");
  await assert.rejects(
    Certificate.create({ ...shown, canisterId: elsewhere }),
    /does not include the canister/,
  );
  const page = await fetch(`${network.url}/-/${canisterId}/page`);
  assert.equal(await page.text(), "4 at /page");
});

test("its pages come through the gateway, also those that need an update", async () => {
  const canisterId = await install(network);
  const page = `${network.url}/-/${canisterId}/page?a=1`;
  assert.equal(await (await fetch(page)).text(), "0 at /page?a=1");
  assert.equal((await fetch(page, { method: "POST", body: "four" })).status, 201);
  assert.equal(await (await fetch(page)).text(), "4 at /page?a=1");
});

test("tests set the clock, stop subnets and read what was executed", async () => {
  const canisterId = await install(network, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  const { control } = network;
  assert.equal((await control.subnetIds()).length, 2);
  const agent = await agentOf(network);
  const actor = Actor.createActor<Counter>(interfaceOf, { agent, canisterId });
  await control.takeExecutions();
  await actor.add(5n);
  const [{ canister, entry, instructions } = assert.fail("nothing was counted")] =
    await control.takeExecutions();
  assert.deepEqual([canister, entry], [canisterId.toText(), "canister_update add"]);
  assert.ok(instructions > 1000n);
  await control.stopSubnet(1);
  const asked = await fetch(`${network.url}/api/v2/canister/${canisterId}/query`, {
    method: "POST",
    body: "",
  });
  assert.equal(asked.status, 503);
  await control.startSubnet(1);
  await control.advanceTime(24 * 3_600_000);
  // The agent finds out by itself that the network's clock is ahead.
  assert.equal(await actor.add(1n), 6n);
  await assert.rejects(control.setCanisterStatus("nobody", "stopped"), { code: "CONTROL_REFUSED" });
});

test("a subnet's word is taken after months, too: its delegation is renewed", async () => {
  await using young = await startLocalnet({ subnets: 2 });
  const canisterId = await install(young, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  const actor = await counterAt(young, canisterId);
  assert.equal(await actor.add(1n), 1n);
  await young.control.advanceTime(40 * 24 * 3_600_000);
  assert.equal(await actor.add(1n), 2n);
});

test("a state folder keeps canisters and keys over restarts, for one network at a time", async () => {
  const state = join(folder.path, "state");
  const first = await startLocalnet({ state });
  const canisterId = await install(first);
  await (await counterAt(first, canisterId)).add(7n);
  await assert.rejects(startLocalnet({ state }), { code: "STATE_IN_USE" });
  await first.close();
  await using second = await startLocalnet({ state });
  assert.deepEqual(second.rootKey, first.rootKey);
  const actor = await counterAt(second, canisterId);
  assert.equal(await actor.get(), 7n);
  assert.ok((await actor.certificate())[0]);
});

test("what keeps it from starting is said, and leaves nothing behind", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const state = join(folder.path, "refused");
  await assert.rejects(startLocalnet({ port, state }), {
    code: "PORT_TAKEN",
    message: new RegExp(`port ${port}`),
  });
  other.close();
  await writeFile(join(state, "localnet.json"), `{"version":99}`);
  await assert.rejects(startLocalnet({ state }), { code: "STATE_TOO_NEW" });
  await assert.rejects(startLocalnet({ state: join(state, "localnet.json") }), { code: "STATE_UNWRITABLE" });
});

test("nothing keeps a process alive after close", async () => {
  const index = new URL("../src/index.ts", import.meta.url).href;
  const program = `
    const { startLocalnet } = await import(${JSON.stringify(index)});
    const network = await startLocalnet();
    await fetch(network.url + "/api/v2/status");
    await network.close();
    await network.close();
    process.stdout.write("closed");`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  assert.equal(stdout, "closed");
});
