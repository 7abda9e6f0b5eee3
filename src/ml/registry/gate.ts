import type { MetricRow, VersionManifest } from "./version-manifest.ts";

export type GateRules = {
  /** Fewer cases prove nothing. */
  minCases: number;
  /** The share of a served version's NDCG@10 that may be missing, where the cases do not show that the new one is worse. */
  tolerance: number;
  /** Share of the active version's coverage@10 that must be left: a model that shows a few hits to all is no progress. */
  minCoverage: number;
};

export const gateRules: GateRules = { minCases: 100, tolerance: 0.02, minCoverage: 0.5 };

/** Whether a version may be promoted; the reasons are the rules, each with what was found. */
export type GateResult = { passed: boolean; reasons: { passed: boolean; message: string }[] };

/**
 * Judges a version by its own manifest, in which all models answered the same cases: it must be as good as the baselines,
 * and as the active version and the best one that ever served, so that small losses do not add up.
 */
export function gate(
  { metrics, uncompared = [] }: Pick<VersionManifest, "metrics" | "uncompared">,
  rules: GateRules = gateRules,
): GateResult {
  const candidate = metrics.find(({ role }) => role === "candidate");
  if (candidate === undefined) return refused("it has no metrics: it was never evaluated");
  const baselines = metrics.filter(({ role }) => role === "baseline");
  const served = metrics.filter(({ role }) => role === "active");
  const reasons = [
    {
      passed: candidate.cases >= rules.minCases,
      message: `${candidate.cases} cases, at least ${rules.minCases} are needed`,
    },
    ...baselines.map((other) => notWorse(candidate, other, 0)),
    ...served.map((other) => notWorse(candidate, other, rules.tolerance)),
    ...served.slice(0, 1).map((other) => coverage(candidate, other, rules.minCoverage)),
    ...uncompared.map(({ version, reason }) => ({
      passed: false,
      message: `version ${version} could not be compared: ${reason}`,
    })),
  ];
  if (baselines.length === 0) reasons.push({ passed: false, message: "it was compared with no baseline" });
  return { passed: reasons.every(({ passed }) => passed), reasons };
}

const refused = (message: string): GateResult => ({ passed: false, reasons: [{ passed: false, message }] });

/** NaN passes nothing. A lead whose whole interval is below 0 shows that the candidate is worse, however little. */
function notWorse(candidate: MetricRow, other: MetricRow, tolerance: number) {
  const [own, theirs] = [ndcg(candidate), ndcg(other)];
  const { model, role, lead } = other;
  const isWorse = role === "active" && lead !== undefined && lead.high < 0;
  const allowed = tolerance === 0 ? "" : ` less ${100 * tolerance} %`;
  const interval =
    role === "active" && lead !== undefined
      ? `; the difference is ${lead.low.toFixed(4)} to ${lead.high.toFixed(4)}`
      : "";
  return {
    passed: own >= (1 - tolerance) * theirs && !isWorse,
    message: `NDCG@10 ${own.toFixed(4)}, ${role === "active" ? `version ${model}` : model} has ${theirs.toFixed(4)}${allowed}${interval}`,
  };
}

function coverage(candidate: MetricRow, active: MetricRow, share: number) {
  const [own, theirs] = [candidate.lists.coverage ?? 0, active.lists.coverage ?? 0];
  return {
    passed: own >= share * theirs,
    message: `coverage@10 ${own.toFixed(3)}, ${share} of the active version's ${theirs.toFixed(3)} must be left`,
  };
}

const ndcg = ({ full }: MetricRow) => full["NDCG@10"]?.mean ?? Number.NaN;
