import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtempDisposable, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createAgent } from "@kiln/client/network/agent";
import { startLocalnet } from "@kiln/localnet";
import { compileAll } from "../../../canisters/compile.ts";
import { canisterNames } from "../../../src/base/canister-names.ts";
import { moduleHash } from "../../../src/ic/deploy/install.ts";
import { createIdentity, readIdentity } from "../../../src/ic/network/identity.ts";
import { kiln } from "../kiln.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** The unmodified icp program, which npm brings for Linux on x64. */
const program = join(root, "node_modules/@icp-sdk/icp-cli-linux-x64/bin/icp");
const skip = existsSync(program) ? false : "icp is not installed: npm brings it for Linux on x64 only";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("icp build makes the modules that kiln makes; icp deploy installs them, and kiln deploy goes on from there", {
  skip,
}, async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "icp-yaml-"));
  await using network = await startLocalnet();
  // icp leaves what it knows beside icp.yaml: here, not in the tree.
  const project = await readFile(join(root, "icp.yaml"), "utf8");
  await writeFile(join(folder.path, "icp.yaml"), project.replace("http://127.0.0.1:4943", network.url));
  await writeFile(join(folder.path, "kiln"), `#!/bin/sh\nexec "${root}kiln" "$@"\n`, { mode: 0o755 });
  const env = { HOME: folder.path, PATH: process.env.PATH, DO_NOT_TRACK: "1" };
  const icp = async (...args: string[]) =>
    (await promisify(execFile)(program, args, { cwd: folder.path, env })).stdout.trim();

  const compiled = await compileAll();
  await icp("build", "-e", "localnet");
  for (const name of canisterNames) {
    const built = await readFile(join(folder.path, ".icp/cache/artifacts", name));
    assert.equal(sha256(built), sha256(compiled[name].wasm), name);
  }

  const pem = join(folder.path, "me.pem");
  await createIdentity(pem);
  await icp("identity", "import", "tester", "--from-pem", pem, "--storage", "plaintext");
  await icp("identity", "default", "tester");
  const me = await icp("identity", "principal");
  const args = ["--args", `(record { admins = vec { principal "${me}" } })`, "-e", "localnet", "--yes"];
  await icp("deploy", "global_configuration", ...args);
  const role = `(principal "${me}", variant { admin })`;
  const call = ["canister", "call", "global_configuration", "has_role", role, "--query", "-e", "localnet"];
  assert.equal(await icp(...call), "(true)");
  await icp("canister", "create", "storage", "-e", "localnet");
  const idOf = async (name: string) =>
    /[-a-z0-9]{27}/.exec(await icp("canister", "status", name, "-e", "localnet"))![0];
  const [id, storage] = [await idOf("global_configuration"), await idOf("storage")];
  const rootKey = { from: "bytes", bytes: network.rootKey } as const;
  const agent = await createAgent({ host: network.url, identity: await readIdentity(pem), rootKey });
  assert.equal(await moduleHash(agent, id), sha256(compiled.global_configuration.wasm));

  // What icp made is made known to kiln.
  const state = join(folder.path, ".kiln", new URL(network.url).host.replace(":", "-"));
  await mkdir(state, { recursive: true });
  await writeFile(join(state, "canisters.json"), JSON.stringify({ global_configuration: id, storage }));
  const key = Buffer.from(network.rootKey).toString("hex");
  const on = ["--network", network.url, "--identity", pem, "--root-key", key];
  const deployed = await kiln(folder.path, "deploy", ...on, "--yes");
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.doesNotMatch(deployed.stdout, /(create|install|upgrade) global_configuration/);
  assert.doesNotMatch(deployed.stdout, /create storage/);
  assert.match(deployed.stdout, /^- install storage/m);
  assert.match(deployed.stdout, new RegExp(`^global_configuration +${id}\nstorage +${storage}$`, "m"));
  const again = await kiln(folder.path, "deploy", ...on);
  assert.equal(again.stdout, "nothing to do: everything is as it should be\n");
});
