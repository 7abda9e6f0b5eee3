import { z } from "zod";
import { ErrorCode } from "../../base/errors.ts";
import { Registered } from "../registry/registered.ts";
import { NetworkProgress, TrainingTask } from "../training/training-task.ts";

/** Where a finished training is registered, and whether to promote it if the gate allows it. */
export const Registration = z.strictObject({ folder: z.string().min(1), promote: z.boolean() });
export type Registration = z.output<typeof Registration>;

/** What the child process sends. */
export const FromTraining = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("progress"), progress: NetworkProgress }),
  z.strictObject({ type: z.literal("notice"), message: z.string() }),
  z.strictObject({ type: z.literal("done") }),
  z.strictObject({ type: z.literal("registered"), registered: Registered }),
  z.strictObject({ type: z.literal("failed"), code: ErrorCode, message: z.string() }),
]);
export type FromTraining = z.output<typeof FromTraining>;

/** What it receives. */
export const ToTraining = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("train"), task: TrainingTask }),
  /** Registers the finished training. */
  z.strictObject({ type: z.literal("register"), task: TrainingTask, registration: Registration }),
  z.strictObject({ type: z.literal("stop") }),
]);
export type ToTraining = z.output<typeof ToTraining>;
