import assert from "node:assert/strict";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fundingJournal } from "../../../src/cli/canisters/funding-journal.ts";
import { scratch } from "../../transcode/clip.ts";

const total = (claims: readonly { cycles: bigint }[]) => claims.reduce((sum, { cycles }) => sum + cycles, 0n);

test("runs that claim at the same time never go past the limit, and use all of it", async () => {
  const deployment = join(await scratch(), "kiln.json");
  const runs = Array.from({ length: 12 }, () => fundingJournal(deployment));
  const claims = await Promise.all(runs.map((run, index) => run.claim(`canister-${index}`, 30n, 100n)));
  assert.equal(total(claims), 100n);
  const [last] = runs;
  assert.equal((await last!.claim("another", 1n, 100n)).cycles, 0n);
  assert.equal((await last!.claim("another", 1n, 101n)).cycles, 1n, "of a larger limit there is some left");
});

test("what is given back can be claimed again, on the day of its claim", async (t) => {
  t.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 10, 21, 23, 59) });
  const journal = fundingJournal(join(await scratch(), "kiln.json"));
  const claim = await journal.claim("one", 70n, 100n);
  assert.equal((await journal.claim("two", 70n, 100n)).cycles, 30n);
  await claim.giveBack();
  assert.equal((await journal.claim("three", 100n, 100n)).cycles, 70n);

  const late = await journal.claim("four", 50n, 150n);
  t.mock.timers.setTime(Date.UTC(2026, 10, 22));
  await late.giveBack();
  assert.equal((await journal.claim("five", 300n, 150n)).cycles, 150n);
});

test("a line that is none is named; one that is being written does not count yet", async () => {
  const folder = await scratch();
  const journal = fundingJournal(join(folder, "kiln.json"));
  await journal.claim("one", 70n, 100n);
  const file = join(folder, "funding.jsonl");
  const line = await readFile(file, "utf8");
  await appendFile(file, line.slice(0, 20));
  assert.equal(
    (await journal.claim("two", 5n, 70n)).cycles,
    0n,
    "the whole line counts, the other one is no error",
  );
  await appendFile(file, "\n");
  await assert.rejects(journal.claim("two", 70n, 100n), {
    code: "DEPLOYMENT_INVALID",
    message: /funding\.jsonl, line 2, is not a payment: correct it/,
  });
});
