import { z } from "zod";
import { Stage } from "../videos/video.ts";

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** What a worker can do. */
export const workerStages = [...Stage.options, "train"] as const;
export type WorkerStage = (typeof workerStages)[number];

const Stages = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(workerStages)).min(1));

export const WorkerSettings = z
  .object({
    KILN_STAGES: Stages.prefault(workerStages.join(",")).meta({
      description:
        "which stages this worker takes, comma-separated; one that takes `train` alone needs neither ffmpeg nor canisters",
      shownDefault: `\`${workerStages.join(",")}\``,
    }),
    KILN_CPU_SLOTS: whole(1, 64).default(1).meta({
      description: "encodes at a time; one x264 keeps several cores busy, so few are enough",
    }),
    KILN_PUBLISH_SLOTS: whole(1, 64)
      .default(2)
      .meta({ description: "uploads at a time; they mostly wait for the network" }),
    KILN_TRAIN_SLOTS: whole(1, 64).default(1).meta({ description: "trainings at a time" }),
    KILN_LOCK_SECONDS: whole(1, 600).default(30).meta({
      description: "a worker that has not been heard of for this long loses its jobs to others",
      unit: "seconds",
    }),
    KILN_STOP_SECONDS: whole(0, 3600).default(20).meta({
      description: "time for a stopping worker's jobs to finish before it hands them back",
      unit: "seconds",
    }),
    KILN_MIN_FREE_BYTES: whole(0, Number.MAX_SAFE_INTEGER).default(1_000_000_000).meta({
      description: "free space in the blob store below which no job is taken",
      unit: "bytes",
    }),
  })
  .meta({ title: "Workers" });
