import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MetricRow, VersionFacts } from "../../../src/ml/registry/version-manifest.ts";

/** A row of metrics with this NDCG@10. */
export const row = (
  model: string,
  role: MetricRow["role"],
  ndcg: number,
  { cases = 500, coverage = 0.5 } = {},
): MetricRow => ({
  model,
  role,
  cases,
  full: { "NDCG@10": { mean: ndcg, low: ndcg - 0.01, high: ndcg + 0.01 } },
  lists: { coverage },
});

/** What is known of a model that beats its baselines. */
export const facts = (changes: Partial<VersionFacts> = {}): VersionFacts => ({
  kind: "markov",
  data: {
    source: "lake",
    from: "2026-01-05T00:00:00.000Z",
    to: "2026-01-18T00:00:00.000Z",
    users: 10,
    items: 20,
    interactions: 100,
    sha256: "ab".repeat(32),
  },
  config: { reach: 5 },
  seed: 1,
  engine: "none",
  parent: null,
  split: "time",
  metrics: [row("Markov", "candidate", 0.2), row("Pop", "baseline", 0.1)],
  ...changes,
});

/** A folder as training leaves it. */
export async function writeDraft(folder: string, content: string): Promise<string> {
  await mkdir(join(folder, "images"), { recursive: true });
  await writeFile(join(folder, "weights.safetensors"), content);
  await writeFile(join(folder, "images/loss.png"), "png");
  return folder;
}
