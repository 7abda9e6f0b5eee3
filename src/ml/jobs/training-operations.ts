import { z } from "zod";
import type { Operation } from "../../base/processes/operation.ts";
import { Registered } from "../registry/registered.ts";
import { NetworkProgress, TrainingTask } from "../training/training-task.ts";

/** What is to become of a finished training: the folder of the registry, and whether it serves if the gate allows it. */
export const Registration = z.strictObject({ folder: z.string().min(1), promote: z.boolean() });
export type Registration = z.output<typeof Registration>;

const Report = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("progress"), progress: NetworkProgress }),
  z.strictObject({ type: z.literal("notice"), notice: z.string() }),
]);

/** Leaves the model and its report in `task.out`. */
export const trainOperation: Operation<TrainingTask, z.output<typeof Report>, object> = {
  name: "train",
  request: TrainingTask,
  report: Report,
  answer: z.strictObject({}),
};

const RegisterRequest = z.strictObject({ task: TrainingTask, registration: Registration });

/** Takes what a training has left into the registry. */
export const registerOperation: Operation<z.output<typeof RegisterRequest>, never, Registered> = {
  name: "register",
  request: RegisterRequest,
  report: z.never(),
  answer: Registered,
};
