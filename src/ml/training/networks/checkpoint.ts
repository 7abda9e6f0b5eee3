import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TypedError } from "../../../base/typed-error.ts";
import type { Dataset } from "../../dataset.ts";
import type { HostTensors } from "../../engines/host-tensor.ts";
import { type StepState, stateSlots } from "../../engines/training-step.ts";
import { asPart, partOf } from "../../models/stored/model-folder.ts";
import { decodeSafetensors, encodeSafetensors } from "../../models/stored/safetensors.ts";
import { TransformerParameters } from "../../models/transformer/transformer-parameters.ts";
import { FittedTraining } from "../parameters/training-parameters.ts";
import { TrainingPlace } from "./training-place.ts";

/** Identifies a training: a checkpoint of another one must not be resumed. */
const Task = z.strictObject({
  parameters: TransformerParameters,
  training: FittedTraining,
  seed: z.int(),
  /** SHA-256 of what it learns from. */
  data: z.string(),
});
export type Task = z.output<typeof Task>;

export type Checkpoint = {
  task: Task;
  place: TrainingPlace;
  state: StepState;
  /** The weights of the best validation so far. */
  best?: HostTensors | undefined;
};

/** The checkpoint of one of a model's networks. */
export const checkpointFile = (folder: string, network: number): string =>
  join(folder, `checkpoint${network}.safetensors`);

const Metadata = z.strictObject({ task: Task, place: TrainingPlace });

/**
 * Writes the file whole or not at all.
 * @throws TypedError CHECKPOINT_FAILED: a full disk, a folder that cannot be written
 */
export async function writeCheckpoint(path: string, { task, place, state, best }: Checkpoint): Promise<void> {
  const slots = stateSlots.map((slot) => asPart(state[slot], `${slot}.`));
  const tensors: HostTensors = Object.assign({}, ...slots, best ? asPart(best, "best.") : {});
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.new`, "w");
    try {
      // Not writev: on a full disk it writes a part and reports no error.
      await file.writeFile(encodeSafetensors(tensors, { checkpoint: JSON.stringify({ task, place }) }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
  } catch (cause) {
    // A partial file would take space that the model itself may need.
    await rm(`${path}.new`, { force: true }).catch(() => {});
    throw new TypedError("CHECKPOINT_FAILED", `no checkpoint could be written to ${path}: ${cause}`, {
      cause,
    });
  }
}

/**
 * @returns nothing when there is no such file
 * @throws TypedError MODEL_CORRUPT, CHECKPOINT_OF_ANOTHER
 */
export async function readCheckpoint(path: string, task: Task): Promise<Checkpoint | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const { tensors, metadata } = decodeSafetensors(bytes);
  const read = Metadata.safeParse(JSON.parse(metadata.checkpoint ?? "{}"));
  if (!read.success)
    throw new TypedError("MODEL_CORRUPT", `${path} is not a checkpoint: remove it to start over`);
  if (JSON.stringify(read.data.task) !== JSON.stringify(task))
    throw new TypedError(
      "CHECKPOINT_OF_ANOTHER",
      `${path} was written by a training with other data, parameters or seed: remove it, or leave out --resume`,
    );
  const slots = Object.fromEntries(stateSlots.map((slot) => [slot, partOf(tensors, `${slot}.`)]));
  const best = partOf(tensors, "best.");
  return {
    ...read.data,
    state: { steps: read.data.place.steps, ...slots } as StepState,
    ...(Object.keys(best).length > 0 ? { best } : {}),
  };
}

/** Removes the checkpoints of all networks, and what a crash has left of them. */
export async function removeCheckpoints(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names)
    if (/^checkpoint\d+\.safetensors(\.new)?$/.test(name)) await rm(join(folder, name), { force: true });
}

/** SHA-256 of who chose what, in order. */
export function hashDataset({ offsets, sequence, items }: Dataset): string {
  const hash = createHash("sha256").update(JSON.stringify(items));
  for (const part of [offsets, sequence])
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest("hex");
}
