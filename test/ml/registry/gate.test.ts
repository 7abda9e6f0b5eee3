import assert from "node:assert/strict";
import { test } from "node:test";
import { gate } from "../../../src/ml/registry/gate.ts";
import type { MetricRow } from "../../../src/ml/registry/version-manifest.ts";
import { row } from "./facts.ts";

const candidate = (ndcg: number, more = {}) => row("Transformer", "candidate", ndcg, more);
const pop = row("Pop", "baseline", 0.1);
const active = row("20260101T000000Z-00000000", "active", 0.2);

const best = row("20251201T000000Z-00000000", "active", 0.21);
const withLead = (other: MetricRow, low: number, high: number): MetricRow => ({
  ...other,
  lead: { mean: (low + high) / 2, low, high },
});

const cells: [string, MetricRow[], string[]][] = [
  ["better than the baselines, nothing serves yet", [candidate(0.2), pop], []],
  ["as good as the active version but for the noise", [candidate(0.199), pop, active], []],
  ["never evaluated", [pop], ["it has no metrics: it was never evaluated"]],
  ["nothing stands beside it", [candidate(0.2)], ["it was compared with no baseline"]],
  ["worse than Pop", [candidate(0.05), pop], ["NDCG@10 0.0500, Pop has 0.1000"]],
  [
    "worse than the active version",
    [candidate(0.19), pop, active],
    ["NDCG@10 0.1900, version 20260101T000000Z-00000000 has 0.2000 less 2 %"],
  ],
  [
    "a little worse, which the cases show",
    [candidate(0.199), pop, withLead(active, -0.0019, -0.0001)],
    [
      "NDCG@10 0.1990, version 20260101T000000Z-00000000 has 0.2000 less 2 %; the difference is -0.0019 to -0.0001",
    ],
  ],
  ["a little worse, which may be noise", [candidate(0.199), pop, withLead(active, -0.004, 0.002)], []],
  [
    "as good as the active version, worse than one before it: small losses do not add up",
    [candidate(0.199), pop, active, best],
    ["NDCG@10 0.1990, version 20251201T000000Z-00000000 has 0.2100 less 2 %"],
  ],
  ["few cases", [candidate(0.2, { cases: 99 }), pop], ["99 cases, at least 100 are needed"]],
  [
    "shows the same to all",
    [candidate(0.3, { coverage: 0.2 }), pop, active],
    ["coverage@10 0.200, 0.5 of the active version's 0.500 must be left"],
  ],
  ["its scores are not numbers", [candidate(Number.NaN), pop], ["NDCG@10 NaN, Pop has 0.1000"]],
];
for (const [cell, metrics, objections] of cells)
  test(`gate: ${cell}`, () => {
    const { passed, reasons } = gate({ metrics });
    assert.deepEqual(
      reasons.filter((reason) => !reason.passed).map(({ message }) => message),
      objections,
    );
    assert.equal(passed, objections.length === 0);
  });

test("gate: a version that served and could not be compared is an objection", () => {
  const uncompared = [{ version: "20260101T000000Z-00000000", reason: "the model cannot be read" }];
  const { passed, reasons } = gate({ metrics: [candidate(0.2), pop], uncompared });
  assert.equal(passed, false);
  assert.match(reasons.find((reason) => !reason.passed)!.message, /0000 could not be compared: the model/);
});
