import { z } from "zod";
import { interactionFormats } from "../datasets/interactions.ts";
import { engineChoices } from "../engines/engine.ts";
import { ModelParameters, modelKinds } from "./parameters/model-parameters.ts";

/** A training to run: plain data, for a child process or a queue. */
export const TrainingTask = z.strictObject({
  source: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("file"), path: z.string(), format: z.enum(interactionFormats) }),
    z.strictObject({ kind: z.literal("lake"), lake: z.string() }),
  ]),
  /** Numbers that describe each item, a JSON line each (datasets/content-file.ts). */
  content: z.string().optional(),
  /** The folder that the model, its report and its checkpoints are written into. */
  out: z.string().min(1),
  model: z.enum(modelKinds).default("blend"),
  parameters: ModelParameters.prefault({}),
  /** What is held out for the metrics; `time` falls back to `leave-last-out` where there are no usable times. */
  split: z.enum(["time", "leave-last-out"]).default("time"),
  /** Of the time split: the share that is learned from. */
  cut: z.number().gt(0).lt(1).default(0.9),
  seed: z.int().min(0).max(1_000_000).default(1),
  engine: z.enum(engineChoices).default("auto"),
  /** Folder of the TensorFlow engine, when it is not the default one. */
  tensorflow: z.string().optional(),
  /** A model's folder to warm-start from, with what is new and a share of the old. */
  from: z.string().optional(),
  /** Versions that have served, the active one first, and their folders: evaluated on the same cases, for the gate. */
  against: z.array(z.strictObject({ version: z.string(), folder: z.string() })).default([]),
  /** The share of users without anything new that is learned from again; with `from`. */
  replay: z.number().min(0).max(1).default(0.25),
  /** Whether to train the ranker, too, on the impressions of the lake. */
  ranker: z.boolean().default(false),
  /** Whether to resume from the checkpoints in `out`. */
  resume: z.boolean().default(false),
});
export type TrainingTask = z.output<typeof TrainingTask>;

export const NetworkProgress = z.strictObject({
  /** Which of the networks, from 1, of how many. */
  network: z.int(),
  networks: z.int(),
  epoch: z.int(),
  epochs: z.int(),
  loss: z.number(),
  tokensPerSecond: z.number(),
  secondsLeft: z.number(),
  bestNdcg: z.number().optional(),
});
export type NetworkProgress = z.output<typeof NetworkProgress>;
