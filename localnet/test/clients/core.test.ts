import assert from "node:assert/strict";
import { test } from "node:test";
import { Actor, CanisterStatus, HttpAgent } from "@icp-sdk/core/agent";
import { IDL } from "@icp-sdk/core/candid";
import { Ed25519KeyIdentity } from "@icp-sdk/core/identity";
import { Principal } from "@icp-sdk/core/principal";
import { startLocalnet } from "../../src/index.ts";
import { fixture } from "../replica/local-canisters.ts";

interface Management {
  provisional_create_canister_with_cycles(arg: { amount: [] }): Promise<{ canister_id: Principal }>;
  install_code(arg: object): Promise<void>;
}

const management: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    provisional_create_canister_with_cycles: IDL.Func(
      [IDL.Record({ amount: IDL.Opt(IDL.Nat) })],
      [IDL.Record({ canister_id: IDL.Principal })],
      [],
    ),
    install_code: IDL.Func(
      [
        IDL.Record({
          mode: IDL.Variant({ install: IDL.Null }),
          canister_id: IDL.Principal,
          wasm_module: IDL.Vec(IDL.Nat8),
          arg: IDL.Vec(IDL.Nat8),
        }),
      ],
      [],
      [],
    ),
  });

interface Counter {
  add(k: bigint): Promise<bigint>;
  get(): Promise<bigint>;
  boom(): Promise<void>;
  whoami(): Promise<Principal>;
}

const counter: IDL.InterfaceFactory = ({ IDL }) =>
  IDL.Service({
    add: IDL.Func([IDL.Nat], [IDL.Nat], []),
    get: IDL.Func([], [IDL.Nat], ["query"]),
    boom: IDL.Func([], [], []),
    whoami: IDL.Func([], [IDL.Principal], ["query"]),
  });

test("the unmodified agent of @icp-sdk/core installs, calls, asks and reads the state on another subnet", async () => {
  await using network = await startLocalnet({ subnets: 2 });
  const identity = Ed25519KeyIdentity.generate();
  const agent = await HttpAgent.create({ host: network.url, identity, rootKey: network.rootKey });
  const near = Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai");
  const platform = Actor.createActor<Management>(management, {
    agent,
    canisterId: Principal.managementCanister(),
    callTransform: (_method, [arg]) => ({
      effectiveCanisterId: (arg as { canister_id?: Principal }).canister_id ?? near,
    }),
  });
  const { canister_id } = await platform.provisional_create_canister_with_cycles({ amount: [] });
  const arg = IDL.encode([], []);
  await platform.install_code({
    mode: { install: null },
    canister_id,
    wasm_module: await fixture("Actor"),
    arg,
  });
  const actor = Actor.createActor<Counter>(counter, { agent, canisterId: canister_id });
  assert.equal(await actor.add(7n), 7n);
  assert.equal(await actor.get(), 7n);
  assert.equal((await actor.whoami()).toText(), identity.getPrincipal().toText());
  await assert.rejects(actor.boom(), /boom/);
  const status = await CanisterStatus.request({
    agent,
    canisterId: canister_id,
    paths: ["controllers", "subnet"],
  });
  assert.deepEqual(
    (status.get("controllers") as Principal[]).map((id) => id.toText()),
    [identity.getPrincipal().toText()],
  );
  const { subnetId } = status.get("subnet") as { subnetId: string };
  assert.equal(subnetId, (await network.control.subnetIds())[1]);
});
