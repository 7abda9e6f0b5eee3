import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { TypedError } from "../../../base/typed-error.ts";
import type { HostTensors } from "../../engines/host-tensor.ts";
import { ModelDescription } from "./model-description.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** A model at rest: what it is, its numbers, and the names of the items that it scores, in order. */
export type StoredModel = { description: ModelDescription; tensors: HostTensors; items: readonly string[] };

export const modelFiles = {
  description: "model.json",
  weights: "weights.safetensors",
  items: "items.json",
} as const;

const ModelFile = z.strictObject({ format: z.literal(1), model: ModelDescription });
const ItemsFile = z.array(z.string().min(1)).min(1);

/** Writes a model's files into a folder, which is made where it is missing. */
export async function writeModel(
  folder: string,
  { description, tensors, items }: StoredModel,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = { format: 1, model: description } satisfies z.input<typeof ModelFile>;
  await writeFile(join(folder, modelFiles.weights), encodeSafetensors(tensors));
  await writeFile(join(folder, modelFiles.items), JSON.stringify(items));
  await writeFile(join(folder, modelFiles.description), `${JSON.stringify(file, null, 2)}\n`);
}

/** @throws TypedError MODEL_NOT_FOUND, MODEL_CORRUPT */
export async function readModel(folder: string): Promise<StoredModel> {
  const [description, weights, items] = await Promise.all(
    [modelFiles.description, modelFiles.weights, modelFiles.items].map((name) => read(join(folder, name))),
  );
  try {
    return {
      description: ModelFile.parse(JSON.parse(description!.toString())).model,
      items: ItemsFile.parse(JSON.parse(items!.toString())),
      tensors: decodeSafetensors(weights!).tensors,
    };
  } catch (cause) {
    throw new TypedError("MODEL_CORRUPT", `the model in ${folder} cannot be read: ${cause}`, { cause });
  }
}

async function read(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause) => {
    throw new TypedError("MODEL_NOT_FOUND", `there is no ${path}: train a model, or name another folder`, {
      cause,
    });
  });
}

/** The tensors of a part, whose names begin with `prefix`, under their own names. */
export function partOf(tensors: HostTensors, prefix: string): HostTensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

/** The tensors of a part under names that begin with `prefix`. */
export const asPart = (tensors: HostTensors, prefix: string): HostTensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
