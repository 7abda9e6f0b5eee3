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
import { kiln, kilnAhead } from "../cli/kiln.ts";
import { reserveMemory } from "./reserve-memory.ts";

const trillion = 1_000_000_000_000n;
const gibibyte = 1n << 30n;
const hour = 3_600_000;
const day = 24 * hour;
/** The cost of a GiB for 30 days, the platform's freezing threshold. */
const reserveOfGibibyte = 127_000n * 86_400n * 30n;

let network: DeployedNetwork;
let client: ReturnType<typeof userIndexClient>;
/** By how many milliseconds the network's clock is ahead. */
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

/** Advances the clock and waits until the hourly round of user_index, which begins with its own burn, has ended. */
async function advance(milliseconds: number): Promise<void> {
  const since = BigInt(Math.floor(Date.now() + ahead + milliseconds)) * 1_000_000n;
  await network.later(milliseconds);
  ahead += milliseconds;
  while ((await client.funding()).watched.some(({ at }) => at < since));
}

/** Advances the clock to noon, that many days later. */
async function noon(days: number): Promise<void> {
  const now = Date.now() + ahead;
  await advance((Math.floor(now / day) + days + 0.5) * day - now);
}

async function balanceOf(id: string): Promise<bigint> {
  const { cycles, failure } = await canisterHealth(network.agent, { name: "", id });
  assert.equal(failure, "");
  return cycles;
}

/** In tenths of a trillion, to which the cost of messages does not matter. */
const rounded = (cycles: bigint) => Math.round(Number(cycles) / 1e11) / 10;

test("kiln canisters status warns of a bucket that is not funded, weeks before it freezes", async () => {
  const bucket = await addBucket(52n * trillion);
  await reserveMemory(network.agent, bucket, 100n * gibibyte);
  const status = await kiln(network.folder, "canisters", "status");
  assert.equal(status.code, 1);
  assert.equal(status.stderr, `LOW: storage ${bucket} has cycles for 16 days: kiln canisters fund\n`);
  assert.match(status.stdout, new RegExp(`^storage +${bucket} +running .* 16 `, "m"));
  const storage = storageClient({ agent: network.agent, canisterId: bucket });
  const upload = { uploadId: "empty", attempt: 1, chunkBytes: 1_000, files: [] };
  assert.equal((await storage.beginUpload(upload)).missingChunks, 0, "it still works");
  await client.watch(bucket);
  await reserveMemory(network.agent, bucket, 0n);
});

test("a fresh user_index is not low: cycles of new canisters were not burned", async () => {
  const { user_index } = network.canisters;
  const perDay = async () => (await canisterHealth(network.agent, { name: "", id: user_index })).perDay;
  await advance(hour);
  assert.ok((await perDay()) < trillion / 2n, `burned ${await perDay()} a day`);
  const status = await kilnAhead(ahead, network.folder, "canisters", "status");
  assert.deepEqual([status.code, status.stderr], [0, ""]);
});

test("user_index tops up canisters that run low, including a second bucket, beyond the reserve for their memory", async () => {
  const { canisters, agent } = network;
  const { user_index, ...others } = canisters;
  const holding = { ...others, bucket: await addBucket(101n * trillion) };
  await client.watch(holding.bucket);
  for (const id of Object.values(holding)) await reserveMemory(agent, id, 100n * gibibyte);
  await fundingOf({ daily_limit: 200n * trillion });
  await noon(1);
  assert.equal((await client.funding()).spent_today, 0n, "no canister is low yet");
  // 44 of 100 T are burned; all but 23 T of the rest is the freezing reserve.
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

test("the daily limit spans rounds and starts again the next day", async () => {
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
  assert.equal((await client.funding()).spent_today, 30n * trillion, "the same amount again a day later");
});

test("user_index does not spend its reserve", async () => {
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

test("a bucket that froze nevertheless gets a share in every round until it replies", async () => {
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
  const frozen = [2n * trillion, "cannot be read: out of cycles"];
  assert.deepEqual(await round(), frozen);
  assert.deepEqual(await round(), frozen);
  assert.equal((await network.admin.storage.cycles_report()).balance > missing, true);
});
