import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectDataset } from "../../src/ml/dataset.ts";
import { lakeInteractions } from "../../src/ml/datasets/interactions.ts";
import { fitMarkov } from "../../src/ml/models/markov.ts";
import { BaselineParameters } from "../../src/ml/models/parameters.ts";
import { describeMarkov } from "../../src/ml/models/stored/describe-model.ts";
import { globalRankingName, latestHistories, rankForAll } from "../../src/ml/models/stored/global-ranking.ts";
import { writeModel } from "../../src/ml/models/stored/model-folder.ts";
import { type Registry, register } from "../../src/ml/registry/registry.ts";
import { facts } from "../ml/registry/facts.ts";

/** Registers a Markov model of what a lake has. @returns its version */
export async function markovVersion(registry: Registry, lake: string): Promise<string> {
  const dataset = await collectDataset(lakeInteractions(lake));
  const markov = fitMarkov(dataset, BaselineParameters.parse({}).markov);
  const draft = await mkdtemp(join(tmpdir(), "kiln-draft-"));
  await writeModel(draft, { ...describeMarkov(markov), items: dataset.items });
  const ranking = await rankForAll(markov, dataset.items, latestHistories(dataset));
  await writeFile(join(draft, globalRankingName), JSON.stringify(ranking));
  const { version } = await register(registry, draft, facts(), Date.now());
  await rm(draft, { recursive: true });
  return version;
}
