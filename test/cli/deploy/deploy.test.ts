import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { startLocalNetwork } from "../../../src/cli/services/local-network.ts";
import { kiln } from "../kiln.ts";

test("kiln deploy and kiln canisters: a plan that is shown first, status, drill, snapshot and back", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "deploy-"));
  const none = await kiln(folder.path, "deploy");
  assert.match(none.stderr, /^NETWORK_UNKNOWN: no local network: start one with kiln localnet/);
  await using network = await startLocalNetwork({ folder: join(folder.path, ".kiln/localnet") });
  const { canisters } = network.deployment;

  const nothing = await kiln(folder.path, "deploy");
  assert.deepEqual([nothing.code, nothing.stdout], [0, "nothing to do: everything is as it should be\n"]);
  const unasked = await kiln(folder.path, "deploy", "--pool", "2");
  assert.equal(unasked.code, 1);
  assert.match(unasked.stdout, /^- set user_index: operators = [-a-z0-9]+, pool = 2\n$/);
  assert.match(unasked.stderr, /NOT_CONFIRMED/);
  const done = await kiln(folder.path, "deploy", "--pool", "2", "--yes");
  assert.equal(done.code, 0, done.stderr);

  const wrong = await kiln(folder.path, "deploy", "--domain", "https://a.example");
  assert.match(wrong.stderr, /a domain like video\.example\.com/);
  const names = ["--domain", "a.example", "--domain", "b.example"];
  const served = await kiln(folder.path, "deploy", ...names, "--yes");
  assert.match(served.stdout, /^- serve a\.example, b\.example from storage/);
  const at = async (name: string) => {
    const answer = await fetch(
      gatewayUrl(network.deployment.host, canisters.storage, `/.well-known/${name}`),
    );
    return [answer.status, answer.headers.get("access-control-allow-origin"), await answer.text()];
  };
  assert.deepEqual(await at("ic-domains"), [200, "*", "a.example\nb.example\n"]);
  const origins = '{"alternativeOrigins":["https://a.example","https://b.example"]}';
  assert.deepEqual(await at("ii-alternative-origins"), [200, "*", origins]);
  const again = await kiln(folder.path, "deploy", ...names);
  assert.equal(again.stdout, "nothing to do: everything is as it should be\n");
  const other = await kiln(folder.path, "deploy", "--domain", "C.example", "--yes");
  assert.equal(other.code, 0, other.stderr);
  assert.deepEqual(await at("ic-domains"), [200, "*", "c.example\n"]);

  const status = await kiln(folder.path, "canisters", "status");
  assert.equal(status.code, 0, status.stderr);
  for (const [name, id] of Object.entries(canisters))
    assert.match(status.stdout, new RegExp(`^${name} +${id} +running`, "m"));
  const warned = await kiln(folder.path, "canisters", "status", "--warn-days", "1e12");
  assert.equal(warned.code, 1);
  assert.match(warned.stderr, /^LOW: storage [-a-z0-9]+ has cycles for \d+ days: kiln canisters fund$/m);
  const funded = await kiln(folder.path, "canisters", "fund");
  assert.deepEqual([funded.code, funded.stderr], [0, ""]);

  const drilled = await kiln(folder.path, "canisters", "drill");
  assert.match(drilled.stdout, /identical: 0 users, 0 records, 0 bytes compared/);
  const taken = await kiln(folder.path, "canisters", "snapshot", canisters.storage);
  const [, snapshot] = /^\S+ {2}([0-9a-f]+) {2}\d+ bytes$/m.exec(taken.stdout) ?? [];
  assert.ok(snapshot, taken.stderr);
  const loaded = await kiln(
    folder.path,
    ...["canisters", "restore", "--canister", canisters.storage, "--snapshot", snapshot],
  );
  assert.equal(loaded.code, 0, loaded.stderr);
  const unknown = await kiln(folder.path, "canisters", "restore");
  assert.match(unknown.stderr, /^SCOPE_UNKNOWN/);
});
