import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { collectDataset, historyOf } from "../src/ml/dataset.ts";
import { type InteractionFormat, readInteractions } from "../src/ml/datasets/interactions.ts";
import type { Engine } from "../src/ml/engines/engine.ts";
import { fitMarkov } from "../src/ml/models/markov.ts";
import { leaveLastOut, type Split } from "../src/ml/split.ts";
import { placesOf } from "../src/ml/training/batches/epoch-batches.ts";
import { trainTransformer } from "../src/ml/training/networks/train-transformer.ts";
import { fittingTraining } from "../src/ml/training/parameters/fitting-parameters.ts";
import type { ModelParameters } from "../src/ml/training/parameters/model-parameters.ts";
import { installPytorch } from "./install-pytorch.ts";

const Spent = z.strictObject({ epochSeconds: z.number(), bestSeconds: z.number() });

/** A whole training: how long an epoch took on average, without its look, and how long the best look was in coming. */
export const WholeTraining = z.strictObject({
  epochs: z.int(),
  best: z.strictObject({ epoch: z.int(), ndcg: z.number() }),
  cpu: Spent,
  wall: Spent,
});
export type WholeTraining = z.output<typeof WholeTraining>;

export type WholeTrainings = Record<"kiln" | "plain" | "chunked", WholeTraining>;

const seed = 1;

/**
 * A SASRec here and in PyTorch, plain and with a loss in chunks, one after the other on the same cores: the same data,
 * sizes, full softmax, schedule, average and stopping rule. Here histories are packed and attention has its recency
 * bias, there windows are padded as SASRec's are.
 */
export async function wholeTrainings(options: {
  interactions: string;
  format: InteractionFormat;
  parameters: ModelParameters;
  engine: Engine;
}): Promise<WholeTrainings> {
  const { interactions, format, parameters, engine } = options;
  const dataset = await collectDataset(readInteractions(interactions, format));
  const { train } = leaveLastOut(dataset, "test");
  const split = leaveLastOut(train, "test", "train and validation");
  const places = placesOf(split.train, parameters.transformer.context);
  const size = { places, items: train.items.length, dimension: parameters.transformer.dimension };
  const fitting = { ...parameters, training: fittingTraining(parameters.training, size) };
  const python = await installPytorch();
  return {
    kiln: await kilnTraining(split, fitting, engine),
    plain: await pytorchTraining("plain", split, fitting, python),
    chunked: await pytorchTraining("chunked", split, fitting, python),
  };
}

async function kilnTraining(
  split: Split,
  { transformer, training, baselines }: ModelParameters,
  engine: Engine,
): Promise<WholeTraining> {
  const now = () => ({ cpu: cpuSeconds(), wall: performance.now() / 1000 });
  const began = now();
  // What was spent until the first and the last step of each epoch, and how many steps it had.
  const ends: { first: typeof began; last: typeof began; steps: number }[] = [];
  const { best, curve } = await trainTransformer(split, {
    ...{ engine, training, seed, parameters: { ...transformer, markovPrior: false } },
    markov: fitMarkov(split.train, baselines.markov),
    onProgress: ({ epoch }) => {
      const last = now();
      const { first = last, steps = 0 } = ends[epoch - 1] ?? {};
      ends[epoch - 1] = { first, last, steps: steps + 1 };
    },
  });
  const spent = (clock: "cpu" | "wall") => ({
    // Steps are told when they are done: the first of each epoch is taken to be like the others.
    epochSeconds:
      ends.reduce(
        (sum, { first, last, steps }) =>
          sum + ((last[clock] - first[clock]) * steps) / Math.max(1, steps - 1),
        0,
      ) / ends.length,
    bestSeconds: ends[best.epoch - 1]!.last[clock] - began[clock],
  });
  return { epochs: curve.length, best, cpu: spent("cpu"), wall: spent("wall") };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function pytorchTraining(
  loss: "plain" | "chunked",
  { train, cases }: Split,
  { transformer, training }: ModelParameters,
  python: string,
): Promise<WholeTraining> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-train-"));
  try {
    const { dimension, heads, blocks, dropout, context } = transformer;
    const asked = {
      ...{ seed, training, threads: availableParallelism() },
      sizes: { dimension, heads, blocks, dropout, length: context, items: train.items.length },
      histories: train.users.map((_, user) => [...historyOf(train, user)]),
      cases: cases
        .slice(0, training.validationUsers)
        .map(({ history, target }) => ({ history: [...history], target })),
    };
    await writeFile(join(folder, "asked.json"), JSON.stringify(asked));
    const program = fileURLToPath(new URL("pytorch-training.py", import.meta.url));
    const env = { ...process.env, PYTHONPATH: python };
    const { stdout } = await promisify(execFile)("python3", [program, loss, join(folder, "asked.json")], {
      env,
    });
    return WholeTraining.parse(JSON.parse(stdout));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
