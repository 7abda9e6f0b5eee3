import assert from "node:assert/strict";
import { mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createAgent } from "@kiln/client/network/agent";
import { startLocalnet } from "@kiln/localnet";
import { compileAll, compileCanister } from "../../../canisters/compile.ts";
import { writeModuleFolder } from "../../../canisters/module-folder.ts";
import { canistersOf } from "../../../src/ic/canisters/directory.ts";
import { storageClient } from "../../../src/ic/canisters/storage-client.ts";
import { userIndexClient } from "../../../src/ic/canisters/user-index-client.ts";
import { moduleHash } from "../../../src/ic/deploy/install.ts";
import { type Deployment, KilnCanisters, readDeployment } from "../../../src/ic/network/deployment.ts";
import { createIdentity } from "../../../src/ic/network/identity.ts";
import { subnetOf } from "../../../src/ic/network/subnets.ts";
import { ok, startCanisters } from "../../canisters/network.ts";
import { backedUp, readyPost, resident } from "../../canisters/users.ts";
import { kiln } from "../kiln.ts";
import { renamed } from "./deployed-network.ts";

test("roles on subnets of their own, a second bucket, user canisters spread: all of it by kiln deploy", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "subnets-"));
  await using localnet = await startLocalnet({ subnets: 3 });
  const [root = "", second = "", third = ""] = await localnet.control.subnetIds();
  const pem = join(folder.path, "me.pem");
  const rootKey = { from: "bytes", bytes: localnet.rootKey } as const;
  const agent = await createAgent({ host: localnet.url, identity: await createIdentity(pem), rootKey });
  const key = join(folder.path, "root.der");
  await writeFile(key, localnet.rootKey);
  const on = (...args: string[]) =>
    kiln(folder.path, ...args, "--network", localnet.url, "--identity", pem, "--root-key", key);

  const unknown = await on("deploy", "--subnet", "bucket=x");
  assert.match(unknown.stderr, /a role is one of global_configuration, storage/);
  const subnets = ["--subnet", root, "--subnet", `storage=${second}`, "--subnet", `data_backup=${third}`];
  const users = [
    "--user-subnets",
    `${second},${third}`,
    "--pool",
    "4",
    "--most-per-subnet",
    "2",
    "--cycles",
    "10",
  ];
  const deployed = await on("deploy", ...subnets, ...users, "--yes");
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.match(
    deployed.stdout,
    new RegExp(`^- create storage with 10 T of cycles on subnet ${second}$`, "m"),
  );
  const file = join(folder.path, ".kiln", new URL(localnet.url).host.replace(":", "-"), "kiln.json");
  const canisters = KilnCanisters.parse(((await readDeployment(file)) as Deployment).canisters);
  const places = await Promise.all(
    Object.entries(canisters).map(async ([name, id]) => [name, await subnetOf(agent, id)]),
  );
  assert.deepEqual(Object.fromEntries(places), {
    global_configuration: root,
    storage: second,
    content_index: root,
    data_backup: third,
    user_index: root,
  });

  const index = userIndexClient({ agent, canisterId: canisters.user_index });
  while ((await index.status()).free < 4) assert.equal((await index.status()).pool_failure, "");
  const homes = [];
  for await (const { id, subnet } of index.canisters()) {
    assert.equal(await subnetOf(agent, id), subnet, "where user_index says");
    homes.push(subnet);
  }
  assert.deepEqual(homes.sort(), [second, second, third, third].sort());
  await assert.rejects(index.provision(), /every subnet has as many canisters as the settings allow/);

  const added = await on("canisters", "add-bucket", "--subnet", third);
  const [, bucket = ""] = /^storage +([-a-z0-9]+)$/m.exec(added.stdout) ?? [];
  assert.equal(await subnetOf(agent, bucket), third, added.stderr);
  const buckets = await canistersOf(agent, canisters.global_configuration, "storage");
  assert.deepEqual(buckets.sort(), [canisters.storage, bucket].sort());
  for (const canisterId of buckets) {
    const storage = storageClient({ agent, canisterId });
    const upload = { uploadId: "empty", attempt: 1, chunkBytes: 1_000, files: [] };
    assert.equal((await storage.beginUpload(upload)).missingChunks, 0, "the deployer may publish there");
  }

  const modules = join(folder.path, "modules");
  const storage = renamed(await compileCanister("storage"), "next");
  await writeModuleFolder(modules, { ...(await compileAll()), storage });
  const upgraded = await on("deploy", "--modules", modules, "--yes");
  assert.equal(upgraded.code, 0, upgraded.stderr);
  assert.equal(upgraded.stdout.match(/^- upgrade storage/gm)?.length, 2);
  const hashes = await Promise.all(buckets.map((id) => moduleHash(agent, id)));
  assert.equal(new Set(hashes).size, 1);
  const status = await on("canisters", "status");
  assert.equal(status.stdout.match(/^storage +[-a-z0-9]+ +running/gm)?.length, 2);
  assert.equal((await readFile(file, "utf8")).includes(canisters.storage), true);
});

test("without a word data_backup is on another subnet than the rest, and users' changes reach it there", async () => {
  await using network = await startCanisters();
  const { agent, canisters, admin } = network;
  const { data_backup, ...rest } = canisters;
  const home = await subnetOf(agent, rest.global_configuration);
  const others = await Promise.all(Object.values(rest).map((id) => subnetOf(agent, id)));
  assert.deepEqual([...new Set(others)], [home]);
  assert.notEqual(await subnetOf(agent, data_backup), home);
  const author = await resident(network);
  await readyPost(admin, author, "far");
  await backedUp(admin, author.canister);
  assert.deepEqual(
    ok(await admin.backup.changes_since(author.principal, 0n)),
    ok(await admin.at(author.canister).changes_since(author.principal, 0n)),
  );
});
