import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { seeded } from "../src/base/random.ts";
import type { Engine, EngineChoice } from "../src/ml/engines/engine.ts";
import type { HostTensors } from "../src/ml/engines/host-tensor.ts";
import { makeStep } from "../src/ml/engines/make-step.ts";
import { openEngine } from "../src/ml/engines/open-engine.ts";
import { initialState } from "../src/ml/engines/training-step.ts";
import { initialWeights } from "../src/ml/models/transformer/network.ts";
import { TransformerParameters } from "../src/ml/models/transformer/transformer-parameters.ts";
import { transformerStep } from "../src/ml/training/networks/transformer-step.ts";
import { TrainingParameters } from "../src/ml/training/parameters/training-parameters.ts";
import { installPytorch } from "./install-pytorch.ts";

/** SASRec on ML-1M: 128 histories of 50 items, full softmax over 3,417 of them. */
const sizes = { rows: 128, width: 50, items: 3417, dimension: 64, heads: 2, blocks: 2, dropout: 0.2 };
const steps = 20;

const Timing = z.strictObject({ wall: z.number(), cpu: z.number() });
/** Milliseconds a step. */
export type Timing = z.output<typeof Timing>;

export type TrainingStepTimings = {
  engine: Engine;
  mode: string;
  kiln: Timing;
  plain: Timing;
  chunked: Timing;
};

/** The same step here, in plain PyTorch and in PyTorch with a loss in chunks, one after the other on the same cores. */
export async function trainingStepTimings(choice: EngineChoice): Promise<TrainingStepTimings> {
  const folder = await installPytorch();
  const engine = await openEngine(choice, { tensorflow: process.env.KILN_TENSORFLOW });
  const { mode, timing } = await kilnStep(engine);
  const plain = await pytorchStep(folder, "plain");
  const chunked = await pytorchStep(folder, "chunked");
  return { engine, mode, kiln: timing, plain, chunked };
}

async function kilnStep(engine: Engine): Promise<{ mode: string; timing: Timing }> {
  const { rows, width, items, dimension, heads, blocks, dropout } = sizes;
  const parameters = TransformerParameters.parse({
    ...{ dimension, heads, blocks, dropout },
    ...{ context: width, recencyBias: 0 },
  });
  const training = TrainingParameters.parse({});
  const random = seeded(1);
  const state = initialState(initialWeights(items, parameters, random));
  const form = { rows, width, negatives: 0, memory: 0 };
  const step = makeStep(engine, transformerStep({ state, parameters, training, form }));
  const drawn = () => Int32Array.from({ length: rows * width }, () => random.integer(items));
  const places = rows * width;
  const inputs: HostTensors = {
    ids: { shape: [places], values: drawn() },
    targets: { shape: [places], values: drawn() },
    positions: { shape: [places], values: Int32Array.from({ length: places }, (_, place) => place % width) },
    segments: { shape: [rows, width], values: new Float32Array(places) },
    weights: { shape: [places, 1], values: new Float32Array(places).fill(1 / places) },
  };
  for (let run = 0; run < 3; run++) await step.run(inputs, 1e-3, run);
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  for (let run = 0; run < steps; run++) await step.run(inputs, 1e-3, run);
  const used = process.cpuUsage(cpu);
  const timing = {
    wall: (performance.now() - wall) / steps,
    cpu: (used.user + used.system) / 1000 / steps,
  };
  step.dispose();
  return { mode: step.mode, timing };
}

async function pytorchStep(folder: string, loss: "plain" | "chunked"): Promise<Timing> {
  const program = fileURLToPath(new URL("pytorch-step.py", import.meta.url));
  const asked = JSON.stringify({ ...sizes, steps, threads: availableParallelism() });
  const env = { ...process.env, PYTHONPATH: folder };
  const { stdout } = await promisify(execFile)("python3", [program, loss, asked], { env });
  return Timing.parse(JSON.parse(stdout));
}
