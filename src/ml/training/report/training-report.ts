import { z } from "zod";
import type { Evaluation } from "../../evaluation/evaluate.ts";
import { CurvePoint } from "../networks/training-place.ts";
import { modelKinds } from "../parameters/model-parameters.ts";

/** What a training leaves beside its model, as metrics.json. */
export const TrainingReport = z.strictObject({
  model: z.enum(modelKinds),
  /** When the training ended, ISO 8601. */
  trainedAt: z.iso.datetime(),
  seed: z.int(),
  engine: z.string(),
  device: z.string(),
  data: z.strictObject({
    users: z.int(),
    items: z.int(),
    interactions: z.int(),
    training: z.int(),
    cases: z.int(),
    split: z.enum(["time", "leave-last-out"]),
    /** SHA-256 of what was learned from. */
    sha256: z.string(),
    /** Milliseconds since 1970 of the first and last interaction that was learned from, where there are times. */
    from: z.number().optional(),
    until: z.number().optional(),
  }),
  networks: z.array(
    z.strictObject({
      seed: z.int(),
      mode: z.enum(["compiled", "eager"]),
      steps: z.int(),
      seconds: z.number(),
      best: z.strictObject({ epoch: z.int(), ndcg: z.number() }),
      curve: z.array(CurvePoint),
    }),
  ),
  /** Of the ranker by objective, on impressions later than those that it learned from. */
  ranker: z
    .strictObject({
      training: z.int(),
      heldOut: z.int(),
      metrics: z.record(
        z.string(),
        z.strictObject({ auc: z.number().optional(), calibration: z.number().optional() }),
      ),
      /** The feed's order without and with it, on the same impressions; absent where they cannot be compared. */
      orders: z
        .strictObject({ viewers: z.int(), impressions: z.int(), unranked: z.number(), ranked: z.number() })
        .optional(),
      /** Whether it is part of the model: where the order gets better. */
      serves: z.boolean(),
    })
    .optional(),
  /** Deviations from the request. */
  notices: z.array(z.string()),
  /** Versions that had served and could not be evaluated beside it. */
  uncompared: z.array(z.strictObject({ version: z.string(), reason: z.string() })).optional(),
  /** Of the model and of what it must beat, on the held-out cases. */
  evaluations: z.array(z.custom<Evaluation>((value) => typeof value === "object" && value !== null)),
});
export type TrainingReport = z.output<typeof TrainingReport>;

export const reportFiles = { metrics: "metrics.json", page: "report.html", picture: "report.png" } as const;
