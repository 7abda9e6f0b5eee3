import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { isLoopback, isMainnet } from "@kiln/client/network/hosts";
import { signInLocally } from "@kiln/client/sign-in-locally";
import { choose } from "../../../src/ic/canisters/connection.ts";
import { readDeployment, writeDeployment } from "../../../src/ic/network/deployment.ts";
import { chooseRootKey, readRootKey } from "../../../src/ic/network/root-key.ts";

const storage = "rwlgt-iiaaa-aaaaa-aaaaa-cai";
const index = "rrkah-fqaaa-aaaaa-aaaaq-cai";
const local = {
  host: "http://127.0.0.1:4943",
  identity: "/keys/local.pem",
  canisters: { global_configuration: index, storage, content_index: index },
};
const mainnet = {
  KILN_IC_HOST: "https://icp-api.io",
  KILN_IDENTITY: "/keys/me.pem",
  KILN_STORAGE_CANISTER: [index],
  KILN_CONTENT_INDEX_CANISTER: storage,
};

test("connection: without settings it is the local network's, whose root key is fetched and trusted", () => {
  assert.deepEqual(choose({}, local), {
    host: local.host,
    identity: local.identity,
    storage: undefined,
    index,
    configuration: index,
    userIndex: undefined,
    rootKey: { from: "host" },
  });
});

test("connection: one setting replaces one value of the local network", () => {
  assert.equal(choose({ KILN_IDENTITY: "/keys/me.pem" }, local).identity, "/keys/me.pem");
  assert.deepEqual(choose({ KILN_STORAGE_CANISTER: [index, storage] }, local).storage, [index, storage]);
});

test("connection: another host takes nothing from the local network", () => {
  assert.deepEqual(choose(mainnet, local), {
    host: "https://icp-api.io",
    identity: "/keys/me.pem",
    storage: [index],
    index: storage,
    configuration: undefined,
    userIndex: undefined,
    rootKey: { from: "mainnet" },
  });
  assert.throws(() => choose({ ...mainnet, KILN_IDENTITY: undefined }, local), {
    code: "NETWORK_UNKNOWN",
    message: /set KILN_IDENTITY$/,
  });
  assert.throws(() => choose({ ...mainnet, KILN_STORAGE_CANISTER: undefined }, local), {
    message: /set KILN_GLOBAL_CONFIGURATION_CANISTER$/,
  });
  const directory = { KILN_STORAGE_CANISTER: undefined, KILN_GLOBAL_CONFIGURATION_CANISTER: storage };
  assert.equal(choose({ ...mainnet, ...directory }, local).configuration, storage);
});

test("connection: without settings and local network the error says what to start or set", () => {
  assert.throws(() => choose({}, undefined), {
    code: "NETWORK_UNKNOWN",
    message: /kiln localnet, or set KILN_IC_HOST, KILN_IDENTITY, KILN_GLOBAL_CONFIGURATION_CANISTER$/,
  });
});

test("connection: the root key of a remote host is fetched only if the settings say so", () => {
  const own = { ...mainnet, KILN_IC_HOST: "https://replica.example" };
  assert.throws(() => choose(own, undefined), {
    code: "ROOT_KEY_UNKNOWN",
    message:
      /^https:\/\/replica\.example is neither the Internet Computer nor this machine: give its root key/,
  });
  assert.deepEqual(choose({ ...own, KILN_IC_ROOT_KEY: "mainnet" }, undefined).rootKey, { from: "mainnet" });
  assert.deepEqual(choose({ ...own, KILN_IC_ROOT_KEY: "fetch" }, undefined).rootKey, { from: "host" });
  assert.deepEqual(choose({ ...own, KILN_IC_ROOT_KEY: "0aff" }, undefined).rootKey, {
    from: "bytes",
    bytes: Buffer.from([0x0a, 0xff]),
  });
});

test("connection: which hosts are the Internet Computer", () => {
  const ours = ["https://icp-api.io", "https://a.icp0.io", "https://ic0.app", "https://icp.io"];
  const foreign = ["https://evilicp0.io", "https://icp0.io.evil.example", "http://localhost:1"];
  assert.deepEqual(ours.filter(isMainnet), ours);
  assert.deepEqual(foreign.filter(isMainnet), []);
});

test("connection: which names and addresses are on this machine", () => {
  const here = ["localhost", "LOCALHOST", "x.localhost", "127.0.0.1", "127.255.255.255", "::1", "[::1]"];
  const elsewhere = [
    "127.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.256",
    "1127.0.0.1",
    "10.0.0.1",
    "0.0.0.0",
    "evillocalhost",
    "localhost.evil.example",
    "::",
    "",
  ];
  assert.deepEqual(here.filter(isLoopback), here);
  assert.deepEqual(elsewhere.filter(isLoopback), []);
});

test("connection: the root key of a host that merely looks like this machine is not fetched from it", async () => {
  assert.deepEqual(chooseRootKey("http://127.1:4943", undefined), { from: "host" }, "it is 127.0.0.1");
  for (const host of ["http://127.evil.example:4943", "http://localhost@evil.example"])
    assert.throws(() => chooseRootKey(host, undefined), { code: "ROOT_KEY_UNKNOWN" });
});

test("connection: the browser client signs in without Internet Identity on this machine only", () => {
  for (const host of [
    "http://127.evil.example",
    "http://localhost:x@evil.example/",
    "https://icp-api.io",
    "",
  ])
    assert.throws(() => signInLocally(host), { code: "SIGN_IN_REFUSED" }, host);
});

test("gateway: a domain per canister on the Internet Computer, a path prefix elsewhere", () => {
  assert.equal(
    gatewayUrl("https://icp-api.io", storage, "/v/a/index.html"),
    `https://${storage}.icp0.io/v/a/index.html`,
  );
  assert.equal(gatewayUrl(local.host, storage, "/v/a"), `http://127.0.0.1:4943/-/${storage}/v/a`);
});

const folder = await mkdtemp(join(tmpdir(), "kiln-deployment-"));
after(() => rm(folder, { recursive: true }));

test("deployment: is read as it was written; no file is no deployment; an invalid file is refused", async () => {
  const file = join(folder, "localnet", "kiln.json");
  assert.equal(await readDeployment(file), undefined);
  await writeDeployment(file, local);
  assert.deepEqual(await readDeployment(file), local);
  await writeFile(file, JSON.stringify({ ...local, host: "x" }));
  await assert.rejects(readDeployment(file), { code: "DEPLOYMENT_INVALID", message: /host: Invalid URL/ });
});

test("root key: from a DER file or in hexadecimal; the error names what is not a key", async () => {
  const host = "https://replica.example";
  const key = Buffer.concat([
    Buffer.from("308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100", "hex"),
    Buffer.alloc(96, 7),
  ]);
  const file = join(folder, "root.der");
  await writeFile(file, key);
  for (const given of [file, key.toString("hex")])
    assert.deepEqual(await readRootKey(chooseRootKey(host, given)), { from: "bytes", bytes: key });
  await writeFile(file, key.subarray(1));
  for (const given of [file, "0aff"])
    await assert.rejects(readRootKey(chooseRootKey(host, given)), {
      code: "ROOT_KEY_INVALID",
      message: /is no DER-encoded BLS12-381 key of 133 bytes/,
    });
  await assert.rejects(readRootKey(chooseRootKey(host, "nothing")), { code: "ROOT_KEY_INVALID" });
});
