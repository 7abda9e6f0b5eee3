import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { types } from "../../src/replica/management/interface.ts";
import { createReplica, type LocalReplica } from "../../src/replica/replica.ts";
import {
  type Actor,
  actorOf,
  alice,
  create,
  deploy,
  fixture,
  installCode,
  manage,
  noSettings,
} from "./local-canisters.ts";

const subnetId = new Uint8Array(29);
const info = types.canister_info.reply;
const user = { from_user: { user_id: Principal.fromUint8Array(alice) } };
const me = [Principal.fromUint8Array(alice)];

const infoOf = (maker: Actor, id: Principal, count: [] | [bigint]) =>
  maker.update(
    "infoOf",
    [
      [IDL.Principal, id],
      [IDL.Opt(IDL.Nat64), count],
    ],
    info,
  );

const setControllers = (replica: LocalReplica, canister_id: Principal, controllers: Principal[]) =>
  manage(replica, "update_settings", {
    canister_id,
    settings: { ...noSettings, controllers: [controllers] },
  });

test("the history says who changed code and controllers, when and how, and survives a restart", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "replica-history-"));
  let time = 1n;
  const options = { subnetId, state: folder.path, now: () => time };
  let expected: object;
  let ids: { id: Principal; maker: Principal };
  {
    await using replica = await createReplica(options);
    const wasm = await fixture("Actor");
    const maker = await deploy(replica, await fixture("Maker"));
    time = 5n;
    const id = await create(replica);
    ids = { id, maker: maker.id };
    time = 6n;
    await installCode(replica, id, wasm);
    const module_hash = replica.canister(id.toUint8Array())!.moduleHash!;
    const named = { canister_id: id, replace_snapshot: [], uninstall_code: [] };
    const { id: snapshot_id } = await manage(replica, "take_canister_snapshot", named);
    time = 7n;
    await installCode(replica, id, wasm, "keep");
    await manage(replica, "load_canister_snapshot", { canister_id: id, snapshot_id });
    time = 8n;
    await setControllers(replica, id, [...me, maker.id]);
    await maker.update(
      "giveTo",
      [
        [IDL.Principal, id],
        [IDL.Vec(IDL.Principal), me],
      ],
      [],
    );
    await manage(replica, "update_settings", { canister_id: id, settings: noSettings });
    await manage(replica, "uninstall_code", { canister_id: id });
    const change = (
      timestamp_nanos: bigint,
      canister_version: bigint,
      details: object,
      origin: object = user,
    ) => ({
      timestamp_nanos,
      canister_version,
      origin,
      details,
    });
    const deployment = (mode: string) => ({ code_deployment: { mode: { [mode]: null }, module_hash } });
    const byMaker = { from_canister: { canister_id: maker.id, canister_version: [7n] } };
    const source = { taken_from_canister: null };
    expected = {
      total_num_changes: 7n,
      recent_changes: [
        change(5n, 0n, { creation: { controllers: me, environment_variables_hash: [] } }),
        change(6n, 1n, deployment("install")),
        change(7n, 2n, deployment("upgrade")),
        change(7n, 3n, {
          load_snapshot: { canister_version: 1n, snapshot_id, taken_at_timestamp: 6n, source },
        }),
        change(8n, 4n, { controllers_change: { controllers: [...me, maker.id] } }),
        change(8n, 5n, { controllers_change: { controllers: me } }, byMaker),
        change(8n, 7n, { code_uninstall: null }),
      ],
      module_hash: [],
      controllers: me,
    };
    assert.deepEqual(await infoOf(maker, id, [100n]), expected);
  }
  await using replica = await createReplica(options);
  const maker = actorOf(replica, ids.maker);
  assert.deepEqual(await infoOf(maker, ids.id, [100n]), expected);
});

test("twenty changes are kept, as many are told as are asked for", async () => {
  await using replica = await createReplica({ subnetId });
  const maker = await deploy(replica, await fixture("Maker"));
  const id = await create(replica);
  for (let count = 0; count < 24; count++) await setControllers(replica, id, me);
  const sizes: unknown[] = [];
  for (const count of [[], [0n], [3n], [100n]] as ([] | [bigint])[]) {
    const { total_num_changes, recent_changes } = await infoOf(maker, id, count);
    sizes.push([total_num_changes, recent_changes.length, recent_changes.at(-1)?.canister_version]);
  }
  assert.deepEqual(sizes, [
    [25n, 0, undefined],
    [25n, 0, undefined],
    [25n, 3, 24n],
    [25n, 20, 24n],
  ]);
});

test("what the cycles minting canister creates is noted as its own", async () => {
  await using replica = await createReplica({ subnetId });
  const founder = await deploy(replica, await fixture("Founder"));
  const reply = [IDL.Variant({ ok: IDL.Principal, err: IDL.Text })];
  const args: [IDL.Type, unknown][] = [
    [IDL.Nat, 600_000_000_000n],
    [IDL.Opt(IDL.Empty), []],
  ];
  const { ok } = await founder.update("found", args, reply);
  const { recent_changes } = await infoOf(await deploy(replica, await fixture("Maker")), ok, [1n]);
  const minting = Principal.fromText("rkp4c-7iaaa-aaaaa-aaaca-cai");
  assert.deepEqual(recent_changes[0].origin, {
    from_canister: { canister_id: minting, canister_version: [] },
  });
});
