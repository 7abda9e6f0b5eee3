import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lake } from "../../events/lake/lake.ts";
import { Audience } from "../../events/simulator/audience.ts";
import { simulate } from "../../events/simulator/simulate.ts";
import { runTraining } from "../../ml/jobs/run-training.ts";
import { registerTrained } from "../../ml/registry/register-trained.ts";
import type { Registered } from "../../ml/registry/registered.ts";
import type { Registry } from "../../ml/registry/registry.ts";
import { type ModelKind, ModelParameters } from "../../ml/training/parameters/model-parameters.ts";
import { TrainingTask } from "../../ml/training/training-task.ts";
import { printTable } from "../output.ts";

/** Of the audiences, and of the networks that learn from them. */
const demoSeeds = [1, 2, 3];

/** Small enough for WebAssembly on one core; chosen on the audience of the first seed. */
const demoParameters = ModelParameters.parse({
  transformer: { dimension: 32, blocks: 1, context: 50 },
  training: {
    epochs: 10,
    tokens: 512,
    learningRate: 0.004,
    warmup: 30,
    // The average of a few hundred steps, not of a few thousand.
    averageDecay: 0.98,
    evaluateEvery: 2,
    patience: 2,
    validationUsers: 1_000,
  },
});

/** NDCG@10 and HR@10 on what an audience chose after the cut. */
type DemoRow = { seed: number; model: string; ndcg: number; hitRate: number; low: number; high: number };

export type TrainDemo = {
  rows: DemoRow[];
  /** Whether the model had the highest NDCG@10 with every seed. */
  beatsAll: boolean;
  seconds: number;
  registered: Registered;
};

export type DemoOptions = {
  signal: AbortSignal;
  onStep: (message: string) => void;
  /** Other than the demo's own. */
  seeds?: readonly number[] | undefined;
  parameters?: ModelParameters | undefined;
  model?: ModelKind | undefined;
};

/**
 * The way of learning on a machine that has nothing: simulated audiences watch, a small model learns from the first
 * nine tenths of each one's choices on the Wasm engine, is measured on the rest beside Markov and Pop, and the first
 * one is registered and promoted. What it simulates goes when it ends; the version stays in the registry.
 */
export async function trainDemo(
  registry: Registry,
  { signal, onStep, ...options }: DemoOptions,
): Promise<TrainDemo> {
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "kiln-train-demo-"));
  try {
    const rows: DemoRow[] = [];
    let registered: Registered | undefined;
    const { seeds = demoSeeds, parameters = demoParameters, model } = options;
    for (const seed of seeds) {
      onStep(`audience ${seed} of ${seeds.length}: watching`);
      const lake = join(folder, `lake-${seed}`);
      await watch(lake, seed);
      const out = join(folder, `draft-${seed}`);
      const task = TrainingTask.parse({
        ...{ source: { kind: "lake", lake }, out, parameters, seed, model },
        engine: "wasm",
      });
      onStep(`audience ${seed} of ${seeds.length}: learning`);
      const report = await runTraining(task, { signal });
      rows.push(...report.evaluations.map(({ model, full }) => rowOf(seed, model, full)));
      registered ??= await registerTrained(registry, task, { promote: true, now: Date.now() });
    }
    return {
      rows,
      beatsAll: seeds.every((seed) => firstIsBest(rows.filter((row) => row.seed === seed))),
      seconds: Math.round((performance.now() - began) / 1000),
      registered: registered!,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function printTrainDemo({ rows, beatsAll, seconds, registered }: TrainDemo): void {
  console.log("Choices after the cut, ranked among the whole catalogue:");
  printTable(
    ["seed", "model", "NDCG@10", "95 % interval", "HR@10"],
    rows.map(({ seed, model, ndcg, low, high, hitRate }) => [
      `${seed}`,
      model,
      ndcg.toFixed(4),
      `${low.toFixed(4)}-${high.toFixed(4)}`,
      hitRate.toFixed(4),
    ]),
  );
  console.log(
    beatsAll
      ? "\nIt beats Markov and Pop with every seed."
      : "\nIt does NOT beat Markov and Pop with every seed.",
  );
  console.log(
    `${registered.version} ${registered.promoted ? "serves now" : "was not promoted"}; ${seconds} s in all`,
  );
}

async function watch(folder: string, seed: number): Promise<void> {
  using lake = await Lake.open(folder);
  await lake.add(simulate(Audience.parse({ seed })));
}

type Figures = Record<"NDCG@10" | "HR@10", { mean: number; low: number; high: number }>;

const rowOf = (seed: number, model: string, full: Figures): DemoRow => {
  const { mean: ndcg, low, high } = full["NDCG@10"];
  return { seed, model, ndcg, low, high, hitRate: full["HR@10"].mean };
};

const firstIsBest = ([own, ...others]: DemoRow[]) => others.every(({ ndcg }) => own!.ndcg > ndcg);
