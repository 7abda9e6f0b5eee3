import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Principal } from "@dfinity/principal";
import { startLocalnet } from "../../src/index.ts";
import { subnetOf } from "../../src/subnets.ts";
import { fixture } from "../replica/local-canisters.ts";

/** The unmodified icp program, which npm brings for Linux on x64. */
const program = join(
  createRequire(import.meta.url).resolve("../../../package.json"),
  "../node_modules/@icp-sdk/icp-cli-linux-x64/bin/icp",
);
const skip = existsSync(program) ? false : "icp is not installed: npm brings it for Linux on x64 only";

test("icp pings, creates, installs, calls, reads logs, takes and restores snapshots", { skip }, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "localnet-icp-"));
  await using network = await startLocalnet();
  const wasm = join(folder.path, "actor.wasm");
  await writeFile(wasm, await fixture("Actor"));
  const project = join(folder.path, "project");
  await mkdir(project);
  const env = { HOME: folder.path, PATH: process.env.PATH, DO_NOT_TRACK: "1" };
  const icp = async (...args: string[]) =>
    (await promisify(execFile)(program, args, { cwd: project, env, timeout: 120_000 })).stdout.trim();
  const key = Buffer.from(network.rootKey).toString("hex");
  const on = (...args: string[]) => icp(...args, "-n", network.url, "-k", key);

  // A network is pinged by its name in a project.
  const named = { name: "here", mode: "connected", url: network.url, "root-key": key };
  await writeFile(join(project, "icp.yaml"), JSON.stringify({ networks: [named] }));
  const { impl_version, replica_health_status } = JSON.parse(await icp("network", "ping", "here"));
  assert.deepEqual([impl_version, replica_health_status], ["kiln-localnet", "healthy"]);

  await icp("identity", "new", "tester", "--storage", "plaintext");
  await icp("identity", "default", "tester");
  const id = await on("canister", "create", "--detached", "--quiet");
  assert.ok([1, 2].includes(subnetOf(Principal.fromText(id).toUint8Array(), 3)), id);
  assert.match(await on("canister", "status", id), /Status: Running/);
  await on("canister", "install", id, "--wasm", wasm);
  assert.equal(await on("canister", "call", id, "add", "(5)"), "(5 : nat)");
  assert.equal(await on("canister", "call", id, "get", "()", "--query"), "(5 : nat)");
  await on("canister", "call", id, "say", '("a line of log")');
  assert.match(await on("canister", "logs", id), /a line of log/);

  await on("canister", "stop", id);
  const snapshot = /[0-9a-f]{36}/.exec(await on("canister", "snapshot", "create", id))![0];
  assert.ok((await on("canister", "snapshot", "list", id)).includes(snapshot));
  const download = join(folder.path, "snapshot");
  await on("canister", "snapshot", "download", id, snapshot, "--output", download);
  assert.ok((await readdir(download)).length > 2);
  await on("canister", "start", id);
  await on("canister", "call", id, "add", "(5)");
  await on("canister", "stop", id);
  await on("canister", "snapshot", "restore", id, snapshot);
  await on("canister", "start", id);
  assert.equal(await on("canister", "call", id, "get", "()", "--query"), "(5 : nat)");
  const uploaded = await on("canister", "snapshot", "upload", id, "--input", download);
  assert.match(uploaded, /[0-9a-f]{36}/);
  await on("canister", "top-up", id, "--amount", "1t");
});
