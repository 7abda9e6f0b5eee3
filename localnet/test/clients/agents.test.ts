import assert from "node:assert/strict";
import { test } from "node:test";
import * as dfinityAgent from "@dfinity/agent";
import * as dfinityCandid from "@dfinity/candid";
import * as dfinityIdentity from "@dfinity/identity";
import * as dfinityPrincipal from "@dfinity/principal";
import * as coreAgent from "@icp-sdk/core/agent";
import * as coreCandid from "@icp-sdk/core/candid";
import * as coreIdentity from "@icp-sdk/core/identity";
import * as corePrincipal from "@icp-sdk/core/principal";
import { startLocalnet } from "../../src/index.ts";
import { fixture } from "../replica/local-canisters.ts";

/** Both generations of the agent have the same interface, as far as it is used here; their classes are their own. */
const dfinity = { ...dfinityAgent, ...dfinityCandid, ...dfinityIdentity, ...dfinityPrincipal };
type Client = typeof dfinity;
const clients: Record<string, Client> = {
  "@dfinity/agent": dfinity,
  "@icp-sdk/core": { ...coreAgent, ...coreCandid, ...coreIdentity, ...corePrincipal } as unknown as Client,
};

type Principal = dfinityPrincipal.Principal;
type Named = { canister_id: Principal };
type Snapshot = { id: Uint8Array; total_size: bigint };

interface Management {
  provisional_create_canister_with_cycles(arg: { amount: [] }): Promise<Named>;
  install_code(arg: object): Promise<void>;
  canister_status(arg: Named): Promise<{ status: object; settings: { controllers: Principal[] } }>;
  stop_canister(arg: Named): Promise<void>;
  start_canister(arg: Named): Promise<void>;
  take_canister_snapshot(arg: Named & { replace_snapshot: [] }): Promise<Snapshot>;
  list_canister_snapshots(arg: Named): Promise<Snapshot[]>;
  load_canister_snapshot(arg: Named & { snapshot_id: Uint8Array }): Promise<void>;
  fetch_canister_logs(arg: Named): Promise<{ canister_log_records: { content: Uint8Array }[] }>;
}

const management: dfinityCandid.IDL.InterfaceFactory = ({ IDL }) => {
  const named = IDL.Record({ canister_id: IDL.Principal });
  const blob = IDL.Vec(IDL.Nat8);
  const snapshot = IDL.Record({ id: blob, total_size: IDL.Nat64 });
  const state = IDL.Variant({ running: IDL.Null, stopping: IDL.Null, stopped: IDL.Null });
  const status = IDL.Record({
    status: state,
    settings: IDL.Record({ controllers: IDL.Vec(IDL.Principal) }),
  });
  const code = IDL.Record({
    mode: IDL.Variant({ install: IDL.Null }),
    canister_id: IDL.Principal,
    wasm_module: blob,
    arg: blob,
  });
  const taking = IDL.Record({ canister_id: IDL.Principal, replace_snapshot: IDL.Opt(blob) });
  const loading = IDL.Record({ canister_id: IDL.Principal, snapshot_id: blob });
  const logs = IDL.Record({ canister_log_records: IDL.Vec(IDL.Record({ content: blob })) });
  return IDL.Service({
    provisional_create_canister_with_cycles: IDL.Func(
      [IDL.Record({ amount: IDL.Opt(IDL.Nat) })],
      [named],
      [],
    ),
    install_code: IDL.Func([code], [], []),
    canister_status: IDL.Func([named], [status], []),
    stop_canister: IDL.Func([named], [], []),
    start_canister: IDL.Func([named], [], []),
    take_canister_snapshot: IDL.Func([taking], [snapshot], []),
    list_canister_snapshots: IDL.Func([named], [IDL.Vec(snapshot)], []),
    load_canister_snapshot: IDL.Func([loading], [], []),
    fetch_canister_logs: IDL.Func([named], [logs], ["query"]),
  });
};

interface Counter {
  add(k: bigint): Promise<bigint>;
  get(): Promise<bigint>;
  boom(): Promise<void>;
  say(text: string): Promise<void>;
  whoami(): Promise<Principal>;
}

const counter: dfinityCandid.IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    add: IDL.Func([IDL.Nat], [IDL.Nat], []),
    get: IDL.Func([], [IDL.Nat], ["query"]),
    boom: IDL.Func([], [], []),
    say: IDL.Func([IDL.Text], [], []),
    whoami: IDL.Func([], [IDL.Principal], ["query"]),
  });

async function start(client: Client) {
  const { Actor, Ed25519KeyIdentity, HttpAgent, Principal } = client;
  const network = await startLocalnet({ subnets: 2 });
  const identity = Ed25519KeyIdentity.generate();
  const agent = await HttpAgent.create({ host: network.url, identity, rootKey: network.rootKey });
  const near = Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai");
  const transform = (_method: string, [arg]: unknown[]) => ({
    effectiveCanisterId: (arg as Partial<Named>).canister_id ?? near,
  });
  const platform = Actor.createActor<Management>(management, {
    agent,
    canisterId: Principal.managementCanister(),
    callTransform: transform,
    queryTransform: transform,
  });
  return { network, identity, agent, platform };
}

for (const [name, client] of Object.entries(clients)) {
  test(`the unmodified agent of ${name}: status, create, install, call, query, logs, snapshots, read_state`, async () => {
    const { network, identity, agent, platform } = await start(client);
    await using _ = network;
    const { Actor, CanisterStatus, IDL } = client;
    const { replica_health_status } = (await agent.status()) as { replica_health_status: unknown };
    assert.equal(replica_health_status, "healthy");

    const { canister_id } = await platform.provisional_create_canister_with_cycles({ amount: [] });
    const named = { canister_id };
    const arg = new Uint8Array(IDL.encode([], []));
    const wasm_module = await fixture("Actor");
    await platform.install_code({ mode: { install: null }, canister_id, wasm_module, arg });
    const actor = Actor.createActor<Counter>(counter, { agent, canisterId: canister_id });
    assert.equal(await actor.add(7n), 7n);
    assert.equal(await actor.get(), 7n);
    assert.equal((await actor.whoami()).toText(), identity.getPrincipal().toText());
    await assert.rejects(actor.boom(), /boom/);
    await actor.say("a line of log");
    const { canister_log_records: lines } = await platform.fetch_canister_logs(named);
    assert.match(Buffer.from(lines.at(-1)!.content).toString(), /a line of log/);

    await platform.stop_canister(named);
    assert.deepEqual((await platform.canister_status(named)).status, { stopped: null });
    const snapshot = await platform.take_canister_snapshot({ ...named, replace_snapshot: [] });
    await platform.start_canister(named);
    assert.equal(await actor.add(5n), 12n);
    await platform.stop_canister(named);
    await platform.load_canister_snapshot({ ...named, snapshot_id: snapshot.id });
    await platform.start_canister(named);
    assert.equal(await actor.get(), 7n);
    assert.deepEqual(await platform.list_canister_snapshots(named), [snapshot]);

    const state = await CanisterStatus.request({
      agent,
      canisterId: canister_id,
      paths: ["controllers", "subnet"],
    });
    const controllers = state.get("controllers") as Principal[];
    assert.deepEqual(
      controllers.map((id) => id.toText()),
      [identity.getPrincipal().toText()],
    );
    const { subnetId } = state.get("subnet") as { subnetId: string };
    assert.equal(subnetId, (await network.control.subnetIds())[1]);
  });
}
