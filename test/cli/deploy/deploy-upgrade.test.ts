import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Principal } from "@dfinity/principal";
import { type Compiled, compileCanister } from "../../../canisters/compile.ts";
import type { DeployedCanister } from "../../../src/base/canister-names.ts";
import { management } from "../../../src/ic/canisters/management.ts";
import { moduleHash } from "../../../src/ic/deploy/install.ts";
import { alteredCanister } from "../../canisters/altered-canister.ts";
import { ok } from "../../canisters/network.ts";
import { resident } from "../../canisters/users.ts";
import { video } from "../../canisters/videos.ts";
import { kiln, main } from "../kiln.ts";
import { type DeployedNetwork, renamed, startDeployed } from "./deployed-network.ts";

let network: DeployedNetwork;
/** Of a video that is in content_index all the time. */
let entry: unknown;
before(async () => {
  network = await startDeployed();
  entry = [ok(await network.admin.index.upsert_video(video("kept")))];
});
after(() => network[Symbol.asyncDispose]());

/** Everything that an upgrade may change of a canister, but for what it holds. */
async function stateOf(name: DeployedCanister) {
  const { agent, canisters } = network;
  const target = { canister_id: Principal.fromText(canisters[name]) };
  const platform = management(agent, canisters[name]);
  const { status } = await platform.canister_status(target);
  return {
    hash: await moduleHash(agent, canisters[name]),
    status: Object.keys(status)[0],
    snapshots: (await platform.list_canister_snapshots(target)).length,
  };
}

type State = Awaited<ReturnType<typeof stateOf>>;

const deploy = (modules: string) => kiln(network.folder, "deploy", "--modules", modules, "--yes");
const kept = async () => assert.deepEqual(await network.admin.index.get("kept"), entry);
const journal = () => readFile(join(network.folder, ".kiln/localnet/upgrading.json"), "utf8");

/** content_index that answers nothing after its upgrade. */
const broken = (): Promise<Compiled> =>
  alteredCanister("content_index", [
    ["ready = Nat64.fromNat(catalogue.newest.size());", "ready = Nat64.fromNat(0 - 1 : Nat);"],
  ]);

/** storage, with more in one of its stable variables. */
const next = "{ attempt : Nat64; release : Text }";
const changedType: [string, string][] = [
  ["let deleted : Map.Map<Text, Nat64>", `let deleted : Map.Map<Text, ${next}>`],
  ["case (?attempt) if (upload.attempt <= attempt)", "case (?{ attempt }) if (upload.attempt <= attempt)"],
  [
    "switch (deleted.get(id)) { case (?newest) newest;",
    "switch (deleted.get(id)) { case (?{ attempt = newest }) newest;",
  ],
  [
    "deleted.add(id, Nat64.max(former, attempt))",
    'deleted.add(id, { attempt = Nat64.max(former, attempt); release = "" })',
  ],
];

const incompatible: [string, DeployedCanister | "user", [string, string][], RegExp][] = [
  [
    "a stable variable of another type",
    "storage",
    changedType,
    /the new storage cannot take over what [-a-z0-9]+ holds; it needs a migration function: .*M0170/,
  ],
  [
    "a stable variable less, of the user canisters",
    "user",
    [["let numbering = {", "transient let numbering = {"]],
    /the new user cannot take over what [-a-z0-9]+ holds; it needs a migration function: .*M0169/,
  ],
];
for (const [cell, name, changes, reason] of incompatible)
  test(`${cell} is refused before anything is installed`, async () => {
    await resident(network);
    const names = ["global_configuration", "storage"] as const;
    const before = await Promise.all(names.map(stateOf));
    const altered = await alteredCanister(name, changes);
    // global_configuration would be upgraded first.
    const other = renamed(await compileCanister("global_configuration"), "never");
    const folder = await network.modulesWith(`without ${name}`, {
      global_configuration: other,
      [name]: altered,
    });
    const refused = await deploy(folder);
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^UPGRADE_INCOMPATIBLE: nothing was changed: /);
    assert.match(refused.stderr, reason);
    assert.deepEqual(await Promise.all(names.map(stateOf)), before);
  });

test("a canister that fails its check after an upgrade is as it was, and the next deployment goes on", async () => {
  const former = await stateOf("content_index");
  const first = renamed(await compileCanister("global_configuration"), "1");
  const folder = await network.modulesWith("broken", {
    global_configuration: first,
    content_index: await broken(),
  });
  const failed = await deploy(folder);
  assert.equal(failed.code, 1);
  const id = network.canisters.content_index;
  assert.match(
    failed.stderr,
    new RegExp(`^UPGRADE_ROLLED_BACK: canister ${id} is as it was before its upgrade, which failed: `, "m"),
  );
  assert.deepEqual(await stateOf("content_index"), former);
  await kept();
  await assert.rejects(journal(), { code: "ENOENT" });

  const mended = await network.modulesWith("mended", {
    global_configuration: first,
    content_index: renamed(await compileCanister("content_index"), "mended"),
  });
  const deployed = await deploy(mended);
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.deepEqual(
    deployed.stdout.match(/^- upgrade \w+/gm),
    ["- upgrade content_index"],
    "the first is done",
  );
  const { hash, ...state } = await stateOf("content_index");
  assert.deepEqual(state, { status: "running", snapshots: 0 });
  assert.notEqual(hash, former.hash);
  await kept();
  const back = await deploy(await network.modulesWith("tree", {}));
  assert.equal(back.code, 0, back.stderr);
});

/**
 * Starts a deployment that never gets past its next call of that method, and kills it once it has come so far.
 * @param reached asked again and again, from what the network and the folder hold
 */
async function kill(modules: string, method: string, reached: (state: State) => Promise<boolean>) {
  await network.control.injectFault({ kind: "drop", what: "request", method, origin: "ingress" });
  const deployment = spawn(process.execPath, [main, "deploy", "--modules", modules, "--yes"], {
    cwd: network.folder,
    env: { PATH: process.env.PATH, KILN_HOME: join(network.folder, ".kiln") },
    stdio: "ignore",
  });
  const ended = once(deployment, "exit");
  while (!(await reached(await stateOf("content_index"))))
    assert.equal(deployment.exitCode, null, "it has not ended by itself");
  deployment.kill("SIGKILL");
  assert.deepEqual(await ended, [null, "SIGKILL"]);
  await network.control.clearFaults();
}

const settling =
  "- end the upgrade of content_index that broke off: check it; back to its snapshot if the check fails";

test("killed before the new module was installed: the next deployment starts the canister and upgrades it", async () => {
  const name = "before";
  const next = renamed(await compileCanister("content_index"), name);
  const folder = await network.modulesWith(name, { content_index: next });
  // It is installed in one message.
  await kill(folder, "install_code", () =>
    journal().then(
      () => true,
      () => false,
    ),
  );
  const { hash: former, ...left } = await stateOf("content_index");
  assert.deepEqual(left, { status: "stopped", snapshots: 1 });
  const deployed = await deploy(folder);
  assert.equal(deployed.code, 0, deployed.stderr);
  const lines = deployed.stdout.split("\n");
  assert.equal(lines[0], settling);
  assert.match(lines[1] ?? "", /^- upgrade content_index from/);
  const { hash, ...state } = await stateOf("content_index");
  assert.deepEqual(state, { status: "running", snapshots: 0 });
  assert.notEqual(hash, former);
  await kept();
});

test("killed before the upgraded canister was started: the next deployment checks it and is done", async () => {
  const former = await stateOf("content_index");
  const folder = await network.modulesWith("after", {
    content_index: renamed(await compileCanister("content_index"), "after"),
  });
  await kill(folder, "start_canister", async ({ hash }) => hash !== former.hash);
  const { hash: _, ...left } = await stateOf("content_index");
  assert.deepEqual(left, { status: "stopped", snapshots: 1 });
  const deployed = await deploy(folder);
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.equal(deployed.stdout, `${settling}\nnothing to do: everything is as it should be\n`);
  const { hash, ...state } = await stateOf("content_index");
  assert.deepEqual(state, { status: "running", snapshots: 0 });
  await kept();
});

test("killed before the check of a canister that would fail it: the next deployment goes back to the snapshot", async () => {
  const former = await stateOf("content_index");
  const folder = await network.modulesWith("ill", { content_index: await broken() });
  await kill(folder, "start_canister", async ({ hash }) => hash !== former.hash);
  const failed = await deploy(folder);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^UPGRADE_ROLLED_BACK: /m);
  assert.deepEqual(await stateOf("content_index"), former);
  await kept();
});

test("a stable variable of another type is taken over by a migration function", async () => {
  const { admin } = network;
  const sample = { upload_id: "gone", attempt: 3n, chunk_bytes: 1_000, files: [] };
  ok(await admin.storage.begin_upload(sample));
  ok(await admin.storage.delete_upload("gone", 3n));
  const migrating = await alteredCanister("storage", [
    [
      "persistent actor class Storage(",
      `(
        with migration = func(former : { deleted : Map.Map<Text, Nat64> }) : { deleted : Map.Map<Text, ${next}> } {
          { deleted = former.deleted.map<Text, Nat64, ${next}>(func(_, attempt) = { attempt; release = "0.1.0" }) };
        }
      )
      persistent actor class Storage(`,
    ],
    ...changedType,
  ]);
  const deployed = await deploy(await network.modulesWith("migrating", { storage: migrating }));
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.deepEqual(await admin.storage.begin_upload(sample), { err: { stale_attempt: 3n } });
  ok(await admin.storage.begin_upload({ ...sample, attempt: 4n }));
});
