import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { canisterHealth } from "../../../src/ic/canisters/canister-health.ts";
import { cyclesLedger } from "../../../src/ic/canisters/cycles-ledger.ts";
import { userIndexClient } from "../../../src/ic/canisters/user-index-client.ts";
import { reserveMemory } from "../../canisters/reserve-memory.ts";
import { type DeployedNetwork, startDeployed } from "../deploy/deployed-network.ts";
import { clockAhead, kilnAhead, main } from "../kiln.ts";

const trillion = 1_000_000_000_000n;
/** Of 100 T those burn 2.2 T a day and 65.8 T are the freezing reserve: half a month is left. */
const heavy = 200n * (1n << 30n);

const day = 86_400_000;
/** Of the day after: user_index burns what its first canisters cost, which counts for much in a short time. */
const untilNoon = ((1.5 * day - (Date.now() % day)) % day) + day;

let network: DeployedNetwork;
let journal: string;
before(async () => {
  network = await startDeployed();
  // The daily limit is that of a UTC day: for the network and for kiln these tests begin at noon.
  await network.later(untilNoon);
  journal = join(network.folder, ".kiln/localnet/funding.jsonl");
});
after(() => network[Symbol.asyncDispose]());

const fromAccount = ["canisters", "fund", "--from", "account"];
const kilnAtNoon = (...args: string[]) => kilnAhead(untilNoon, network.folder, ...args);
const fund = (...args: string[]) => kilnAtNoon(...fromAccount, ...args);
const paid = async () => {
  const lines = (await readFile(journal, "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { canister: string; cycles: string });
};
const lines = (text: string) =>
  text
    .replace(/[-a-z0-9]{27}/g, "ID")
    .trim()
    .split("\n");

async function balanceOf(id: string): Promise<number> {
  const { cycles, failure } = await canisterHealth(network.agent, { name: "", id });
  assert.equal(failure, "");
  return Math.round(Number(cycles) / 1e11) / 10;
}

test("the account pays for who is low, within a daily limit that holds over runs", async () => {
  const { agent, canisters } = network;
  assert.deepEqual(await fund(), { code: 0, stdout: "", stderr: "" });
  const { storage, content_index, data_backup } = canisters;
  for (const id of [storage, content_index, data_backup]) await reserveMemory(agent, id, heavy);
  const account = await cyclesLedger(agent).balance();

  const first = await fund("--daily-limit", "40");
  assert.equal(first.code, 1);
  const [storageLine = "", indexLine = "", ...more] = lines(first.stdout);
  assert.deepEqual(more, []);
  assert.match(storageLine, /^storage ID received 32\.\d+ T$/);
  assert.match(indexLine, /^content_index ID received 7\.\d+ T$/);
  assert.deepEqual(lines(first.stderr), [
    "LOW: content_index ID: the day's limit of 40.000 T is spent",
    "LOW: data_backup ID: the day's limit of 40.000 T is spent",
  ]);
  assert.equal(
    await balanceOf(storage),
    132.7,
    "60 days of memory, 30 until it freezes, and the least on top",
  );
  const payments = await paid();
  assert.deepEqual(
    payments.map(({ canister }) => canister),
    [storage, content_index],
  );
  assert.equal(
    payments.reduce((sum, { cycles }) => sum + BigInt(cycles), 0n),
    40n * trillion,
  );
  const fees = 2n * 100_000_000n;
  assert.equal(account - (await cyclesLedger(agent).balance()), 40n * trillion + fees);

  const second = await fund("--daily-limit", "40");
  assert.deepEqual([second.code, second.stdout], [1, ""], "another run finds nothing left");
  const today = await readFile(journal, "utf8");
  await writeFile(journal, today.replaceAll(/"at":"[-\d]+T/g, '"at":"2020-01-01T'));
  const later = await fund("--daily-limit", "80");
  assert.deepEqual([later.code, later.stderr], [0, ""], "on another day there is as much again");
  assert.equal(await balanceOf(content_index), 132.7);
  assert.equal(await balanceOf(data_backup), 132.7);
  assert.equal((await paid()).length, 4);
});

test("what the ledger refuses is not counted, and a journal that is none is named", async () => {
  const { agent, canisters } = network;
  await reserveMemory(agent, canisters.data_backup, 100n * heavy);
  const former = await paid();
  const refused = await fund("--daily-limit", "900000");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^CYCLES_REFUSED: .* InsufficientFunds/);
  const since = (await paid()).slice(former.length).map(({ cycles }) => BigInt(cycles));
  assert.deepEqual([since.length, since[0]! > 0n, since[0]! + since[1]!], [2, true, 0n], "given back");
  await reserveMemory(agent, canisters.data_backup, 0n);

  await writeFile(journal, '{"today": 5}\n');
  await reserveMemory(agent, canisters.storage, 2n * heavy);
  const broken = await fund();
  assert.match(broken.stderr, /^DEPLOYMENT_INVALID: .*funding\.jsonl, line 1, is not a payment: correct it/);
  await reserveMemory(agent, canisters.storage, 0n);
  await writeFile(journal, "");
});

test("--watch tops up again and again, user_index too, until it is told to stop", {
  timeout: 120_000,
}, async (t) => {
  const { agent, canisters, folder } = network;
  const { argv, env } = clockAhead(untilNoon);
  const args = [...argv, main, ...fromAccount, "--watch", "0.001", "--daily-limit", "900"];
  const watching = execFile(process.execPath, args, {
    cwd: folder,
    env: { ...env, KILN_HOME: join(folder, ".kiln") },
  });
  t.after(() => watching.kill("SIGKILL"));
  const exited = once(watching, "exit");
  let said = "";
  const saysOf = async (what: RegExp) => {
    while (!what.test(said)) said += String((await once(watching.stdout!, "data"))[0]);
  };
  await reserveMemory(agent, canisters.storage, (heavy * 6n) / 5n);
  await saysOf(/^storage \S+ received \d/m);
  const client = userIndexClient({ agent, canisterId: canisters.user_index });
  const settings = await client.settings();
  const reserve = 302n * trillion;
  await client.configure({ ...settings, funding: { ...settings.funding, reserve, to: 2n * trillion } });
  await saysOf(/^user_index \S+ received \d/m);
  assert.equal(await balanceOf(canisters.user_index), 305);
  watching.kill("SIGTERM");
  assert.deepEqual(await exited, [0, null]);
});

test("those that name the others are thawed as well", async () => {
  const { agent, canisters } = network;
  for (const id of [canisters.global_configuration, canisters.user_index])
    await reserveMemory(agent, id, heavy * 6n);
  const status = await kilnAtNoon("canisters", "status");
  assert.equal(status.code, 1);
  assert.match(status.stderr, /^UNKNOWN: global_configuration canister .* frozen/m);
  assert.match(status.stderr, /^UNKNOWN: user index canister .* frozen/m);
  assert.match(status.stderr, /^LOW: user_index \S+ has cycles for 0 days/m);
  const thawed = await fund("--daily-limit", "2000", "--below-days", "10");
  assert.match(thawed.stdout, /^global_configuration \S+ received \d/m);
  assert.match(thawed.stdout, /^user_index \S+ received \d/m);
  const after = await kilnAtNoon("canisters", "status", "--warn-days", "9");
  assert.deepEqual([after.code, after.stderr], [0, ""]);
});

test("numbers that are none are refused", async () => {
  for (const wrong of [
    ["--below-days", "many"],
    ["--daily-limit", "-1"],
    ["--watch", "0"],
  ]) {
    const { code, stderr } = await fund(...wrong);
    assert.deepEqual([code, stderr.includes(wrong[0]!)], [2, true], stderr);
  }
});
