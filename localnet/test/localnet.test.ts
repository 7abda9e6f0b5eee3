import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
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
import { compileMotoko, type Localnet, startLocalnet } from "../src/index.ts";
import { installCanister } from "./management.ts";

const folder = await mkdtempDisposable(join(tmpdir(), "localnet-"));
after(() => folder.remove());
const owner = Ed25519KeyIdentity.generate();

const greeter = `
  import CertifiedData "mo:core/CertifiedData";
  import Runtime "mo:core/Runtime";
  import Text "mo:core/Text";
  persistent actor {
    var name = "nobody";
    public func rename(to : Text) : async Text { let old = name; name := to; CertifiedData.set(Text.encodeUtf8(to)); old };
    public query func greet() : async Text { "hello " # name };
    public query func certificate() : async ?Blob { CertifiedData.getCertificate() };
    public query ({ caller }) func whoami() : async Principal { caller };
    public func trap() : async () { name := "broken"; Runtime.trap("on purpose") };
    type Request = { method : Text; url : Text; headers : [(Text, Text)]; body : Blob };
    type Response = { status_code : Nat16; headers : [(Text, Text)]; body : Blob; upgrade : ?Bool };
    public query func http_request(request : Request) : async Response {
      { status_code = 200; headers = [("content-type", "text/plain")]; body = Text.encodeUtf8(name # " at " # request.url);
        upgrade = ?(request.method == "POST") };
    };
    public func http_request_update(request : Request) : async Response {
      name := switch (Text.decodeUtf8(request.body)) { case (?text) text; case null "" };
      { status_code = 201; headers = []; body = request.body; upgrade = null };
    };
  }`;

interface Greeter {
  rename(to: string): Promise<string>;
  greet(): Promise<string>;
  certificate(): Promise<[Uint8Array] | []>;
  whoami(): Promise<Principal>;
  trap(): Promise<void>;
}

const interfaceOf: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    rename: IDL.Func([IDL.Text], [IDL.Text], []),
    greet: IDL.Func([], [IDL.Text], ["query"]),
    certificate: IDL.Func([], [IDL.Opt(IDL.Vec(IDL.Nat8))], ["query"]),
    whoami: IDL.Func([], [IDL.Principal], ["query"]),
    trap: IDL.Func([], [], []),
  });

const agentOf = (network: Localnet) =>
  HttpAgent.create({ host: network.url, identity: owner, shouldFetchRootKey: true });

async function greeterAt(network: Localnet, canisterId: Principal): Promise<ActorSubclass<Greeter>> {
  return Actor.createActor<Greeter>(interfaceOf, { agent: await agentOf(network), canisterId });
}

/** Creates a canister and installs the greeter. */
async function install(network: Localnet, near?: Principal): Promise<Principal> {
  const main = join(folder.path, "greeter.mo");
  await writeFile(main, greeter);
  const { wasm } = await compileMotoko({ main, cache: join(folder.path, "cache") });
  return installCanister(await agentOf(network), wasm, near);
}

test("a Motoko canister runs behind the unmodified agent", async () => {
  await using network = await startLocalnet();
  const canisterId = await install(network);
  const actor = await greeterAt(network, canisterId);
  assert.equal(await actor.rename("world"), "nobody");
  assert.equal(await actor.greet(), "hello world");
  assert.deepEqual(await actor.whoami(), owner.getPrincipal());
  await assert.rejects(actor.trap(), (error: RejectError) => {
    assert.match(error.message, /on purpose/);
    const { isCertified, rejectCode, rejectErrorCode } = error.code as CertifiedRejectErrorCode;
    assert.deepEqual([isCertified, rejectCode, rejectErrorCode], [true, 5, "IC0503"]);
    return true;
  });
  assert.equal(await actor.greet(), "hello world");
  const status = await CanisterStatus.request({
    agent: await agentOf(network),
    canisterId,
    paths: ["controllers", "module_hash", "candid"],
  });
  assert.deepEqual(status.get("controllers"), [owner.getPrincipal()]);
  assert.match(String(status.get("candid")), /greet: \(\) -> \(text\) query/);
});

test("a canister of another subnet is believed by its subnet's key, which the root key vouches for", async () => {
  await using network = await startLocalnet({ subnets: 2 });
  const canisterId = await install(network, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  assert.ok(canisterId.toText().endsWith("aaaaa-qaaaa-cai"));
  const actor = await greeterAt(network, canisterId);
  assert.equal(await actor.rename("far away"), "nobody");
  // The agent checks the query's signature by the keys of the subnet's node.
  assert.equal(await actor.greet(), "hello far away");
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
  assert.equal(await page.text(), "far away at /page");
});

test("tests set the clock, stop subnets and read what was executed", async () => {
  await using network = await startLocalnet({ subnets: 2 });
  const canisterId = await install(network, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  const { control } = network;
  assert.equal((await control.subnetIds()).length, 2);
  const agent = await agentOf(network);
  const actor = Actor.createActor<Greeter>(interfaceOf, { agent, canisterId });
  await control.takeExecutions();
  await actor.rename("counted");
  const [{ canister, entry, instructions } = assert.fail("nothing was counted")] =
    await control.takeExecutions();
  assert.deepEqual([canister, entry], [canisterId.toText(), "canister_update rename"]);
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
  assert.equal(await actor.rename("tomorrow"), "counted");
  await assert.rejects(control.setCanisterStatus("nobody", "stopped"), { code: "CONTROL_REFUSED" });
});

test("a subnet's word is taken after months, too: its delegation is renewed", async () => {
  await using network = await startLocalnet({ subnets: 2 });
  const canisterId = await install(network, Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai"));
  const actor = await greeterAt(network, canisterId);
  assert.equal(await actor.rename("early"), "nobody");
  await network.control.advanceTime(40 * 24 * 3_600_000);
  assert.equal(await actor.rename("late"), "early");
});

test("its pages come through the gateway, also those that need an update", async () => {
  await using network = await startLocalnet();
  const canisterId = await install(network);
  const page = `${network.url}/-/${canisterId}/page?a=1`;
  assert.equal(await (await fetch(page)).text(), "nobody at /page?a=1");
  assert.equal((await fetch(page, { method: "POST", body: "somebody" })).status, 201);
  assert.equal(await (await fetch(page)).text(), "somebody at /page?a=1");
});

test("a state folder keeps canisters and keys over restarts, for one network at a time", async () => {
  const state = join(folder.path, "state");
  const first = await startLocalnet({ state });
  const canisterId = await install(first);
  await (await greeterAt(first, canisterId)).rename("kept");
  await assert.rejects(startLocalnet({ state }), { code: "STATE_IN_USE" });
  await first.close();
  await using second = await startLocalnet({ state });
  assert.deepEqual(second.rootKey, first.rootKey);
  const actor = await greeterAt(second, canisterId);
  assert.equal(await actor.greet(), "hello kept");
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
