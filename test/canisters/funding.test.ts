import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canisterHealth } from "../../src/ic/canisters/canister-health.ts";
import { cyclesLedger } from "../../src/ic/canisters/cycles-ledger.ts";
import { registerCanister } from "../../src/ic/canisters/roles.ts";
import { storageClient } from "../../src/ic/canisters/storage-client.ts";
import { type UserIndexSettings, userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { argumentsOf } from "../../src/ic/deploy/arguments.ts";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { type DeployedNetwork, startDeployed } from "../cli/deploy/deployed-network.ts";
import { kiln } from "../cli/kiln.ts";
import { reserveMemory } from "./reserve-memory.ts";

const trillion = 1_000_000_000_000n;
const gibibyte = 1n << 30n;
const day = 86_400_000;
/** Of a GiB for 30 days, the platform's freezing threshold. */
const reserveOfGibibyte = 127_000n * 86_400n * 30n;

let network: DeployedNetwork;
let client: ReturnType<typeof userIndexClient>;
/** Milliseconds that the network's clock is ahead. */
let ahead = 0;
before(async () => {
  network = await startDeployed();
  client = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
});
after(() => network[Symbol.asyncDispose]());

async function addBucket(cycles: bigint): Promise<string> {
  const { agent, canisters, modules, control } = network;
  const subnet = (await control.subnetIds())[1];
  const canisterId = await cyclesLedger(agent).createCanister({ cycles, subnet });
  const arg = argumentsOf("storage", canisters, (await agent.getPrincipal()).toText());
  await installCanister({ agent, wasm: modules.storage, arg, canisterId, mode: "install" });
  await registerCanister(agent, canisters.global_configuration, { id: canisterId, kind: "storage" });
  return canisterId;
}

async function fundingOf(funding: Partial<UserIndexSettings["funding"]>): Promise<void> {
  const settings = await client.settings();
  await client.configure({ ...settings, funding: { ...settings.funding, ...funding } });
}

/** The clock goes on to noon, so many days later; the round that user_index then makes has ended. */
async function noon(days: number): Promise<void> {
  const now = Date.now() + ahead;
  const then = (Math.floor(now / day) + days + 0.5) * day;
  await network.later(then - now);
  ahead += then - now;
  const since = BigInt(then) * 1_000_000n;
  while ((await client.funding()).watched.some(({ at }) => at < since));
}

async function balanceOf(id: string): Promise<bigint> {
  const { cycles, failure } = await canisterHealth(network.agent, { name: "", id });
  assert.equal(failure, "");
  return cycles;
}

/** In tenths of a trillion, which messages do not change. */
const rounded = (cycles: bigint) => Math.round(Number(cycles) / 1e11) / 10;

test("kiln canisters status warns of a bucket that nobody funds weeks before it freezes", async () => {
  const bucket = await addBucket(52n * trillion);
  await reserveMemory(network.agent, bucket, 100n * gibibyte);
  const status = await kiln(network.folder, "canisters", "status");
  assert.equal(status.code, 1);
  assert.equal(status.stderr, `LOW: storage ${bucket} has cycles for 16 days: kiln canisters fund\n`);
  assert.match(status.stdout, new RegExp(`^storage +${bucket} +running .* 16 `, "m"));
  const storage = storageClient({ agent: network.agent, canisterId: bucket });
  const upload = { uploadId: "empty", attempt: 1, chunkBytes: 1_000, files: [] };
  assert.equal((await storage.beginUpload(upload)).missingChunks, 0, "it works as ever");
  await client.watch(bucket);
  await reserveMemory(network.agent, bucket, 0n);
});

test("user_index tops up all that run low by itself, a second bucket too; what it must keep for its memory comes on top", async () => {
  const { canisters, agent } = network;
  const { user_index, ...others } = canisters;
  const holding = { ...others, bucket: await addBucket(101n * trillion) };
  await client.watch(holding.bucket);
  for (const id of Object.values(holding)) await reserveMemory(agent, id, 100n * gibibyte);
  await fundingOf({ daily_limit: 200n * trillion });
  await noon(1);
  assert.equal((await client.funding()).spent_today, 0n, "nobody is low yet");
  // 44 of 100 T are burned; of the rest all but 23 T is the freezing reserve.
  await noon(40);
  const balances = Object.entries(holding).map(async ([name, id]) => [name, rounded(await balanceOf(id))]);
  const enough = rounded(2n * 100n * reserveOfGibibyte + trillion);
  assert.deepEqual(
    Object.fromEntries(await Promise.all(balances)),
    Object.fromEntries(Object.keys(holding).map((name) => [name, enough])),
  );
  const { watched, spent_today } = await client.funding();
  assert.deepEqual([...new Set(watched.map(({ failure }) => failure))], [""]);
  assert.equal(
    watched.reduce((sum, { received }) => sum + received, 0n),
    spent_today,
  );
});

test("the day's limit holds over rounds and is free again the next day", async () => {
  await fundingOf({ daily_limit: 30n * trillion });
  await noon(20);
  const { watched, spent_today } = await client.funding();
  assert.equal(spent_today, 30n * trillion);
  const left = watched.filter(({ failure }) => failure !== "");
  assert.ok(left.length >= 3);
  for (const { failure } of left) assert.match(failure, /^low: the daily limit or the balance of user_index/);
  await client.fund();
  assert.equal((await client.funding()).spent_today, 30n * trillion);
  await noon(1);
  assert.equal((await client.funding()).spent_today, 30n * trillion, "a day later as much again");
});

test("user_index gives nothing of its reserve", async () => {
  const reserve = (await balanceOf(network.canisters.user_index)) - 5n * trillion;
  await fundingOf({ daily_limit: 1_000n * trillion, reserve });
  const before = (await client.funding()).spent_today;
  await client.fund();
  const given = (await client.funding()).spent_today - before;
  assert.ok(given > 4n * trillion && given <= 5n * trillion, `${given}`);
  await client.fund();
  assert.equal((await client.funding()).spent_today - before, given);
  assert.ok((await balanceOf(network.canisters.user_index)) >= reserve);
});

test("a bucket that froze all the same gets a share in every round until it answers", async () => {
  const { agent, canisters } = network;
  await fundingOf({ reserve: trillion });
  await client.fund();
  const missing = (await balanceOf(canisters.storage)) + 3n * trillion;
  await reserveMemory(agent, canisters.storage, (missing / reserveOfGibibyte + 1n) * gibibyte);
  const round = async () => {
    await client.fund();
    const { watched } = await client.funding();
    const { received, failure } = watched.find(({ canister }) => canister === canisters.storage)!;
    return [received, failure.replace(/:.* is out of cycles.*/s, ": out of cycles")];
  };
  const frozen = [2n * trillion, "cannot be asked: out of cycles"];
  assert.deepEqual(await round(), frozen);
  assert.deepEqual(await round(), frozen);
  assert.equal((await network.admin.storage.cycles_report()).balance > missing, true);
});
