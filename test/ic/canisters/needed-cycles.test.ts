import assert from "node:assert/strict";
import { test } from "node:test";
import { type CanisterHealth, daysLeft } from "../../../src/ic/canisters/canister-health.ts";
import { neededCycles } from "../../../src/ic/canisters/needed-cycles.ts";

/** With so many cycles and a freezing threshold of 30 days. */
function having(cycles: bigint, idlePerDay: bigint, given: Partial<CanisterHealth> = {}): CanisterHealth {
  const perDay = given.perDay ?? idlePerDay;
  const reserve = 30n * idlePerDay;
  const health = { name: "storage", id: "", state: "running", memory: 0n, failure: "", ...given };
  return { ...health, cycles, perDay, idlePerDay, reserve, daysLeft: daysLeft(cycles - reserve, perDay) };
}

const policy = { belowDays: 20, atLeast: 7n, userIndex: 100n };
const cells: [string, CanisterHealth, bigint][] = [
  ["enough for more days than asked for", having(60n, 1n), 0n],
  ["exactly enough", having(50n, 1n), 0n],
  ["a little too few: what is missing and the least on top", having(49n, 1n), 8n],
  ["many too few: as many days as asked for, beyond the reserve", having(310n, 10n), 197n],
  ["frozen: what its reserve lacks as well", having(20n, 10n), 487n],
  ["burns much in this hour: the least, not thirty such days", having(60n, 1n, { perDay: 5n }), 7n],
  ["burns nothing", having(1n, 0n), 0n],
  ["user_index with less than its reserve and a share", having(60n, 0n, { name: "user_index" }), 47n],
  ["user_index with just that", having(100n, 0n, { name: "user_index" }), 0n],
];
for (const [cell, health, needed] of cells)
  test(`what a canister needs: ${cell}`, () => assert.equal(neededCycles(health, policy), needed));
