import { z } from "zod";
import { Registered } from "../registry/registered.ts";
import { NetworkProgress, TrainingTask } from "../training/training-task.ts";

/** What is to become of a finished training: the folder of the registry, and whether it serves if the gate allows it. */
export const Registration = z.strictObject({ folder: z.string().min(1), promote: z.boolean() });
export type Registration = z.output<typeof Registration>;

/** What the child process says. */
export const FromTraining = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("progress"), progress: NetworkProgress }),
  z.strictObject({ type: z.literal("notice"), say: z.string() }),
  z.strictObject({ type: z.literal("done") }),
  z.strictObject({ type: z.literal("registered"), registered: Registered }),
  z.strictObject({ type: z.literal("failed"), code: z.string(), message: z.string(), final: z.boolean() }),
]);
export type FromTraining = z.output<typeof FromTraining>;

/** What is said to it. */
export const ToTraining = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("train"), task: TrainingTask }),
  /** Takes what the training has left into the registry. */
  z.strictObject({ type: z.literal("register"), task: TrainingTask, registration: Registration }),
  z.strictObject({ type: z.literal("stop") }),
]);
export type ToTraining = z.output<typeof ToTraining>;
