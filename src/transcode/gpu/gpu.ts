import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

const run = promisify(execFile);
/** nvidia-smi can hang when the driver has a problem. */
const answerMs = 10_000;
const mebibyte = 1024 ** 2;

/** A GPU as nvidia-smi lists it; memory in bytes. */
export type Gpu = {
  index: number;
  /** Its number for CUDA, which CUDA_VISIBLE_DEVICES changes. */
  device: number;
  uuid: string;
  name: string;
  driver: string;
  memory: number;
  freeMemory: number;
};

/** The GPUs of this machine, or why they cannot be seen. */
export type Discovery = { gpus: Gpu[]; problem: string | null };

const Mebibytes = z.coerce
  .number()
  .nonnegative()
  .transform((count) => count * mebibyte);
/** A line of nvidia-smi's CSV. */
const Line = z.tuple([
  z.coerce.number().int().nonnegative(),
  z.string().min(1),
  z.string(),
  z.string(),
  Mebibytes,
  Mebibytes,
]);
const query = [
  "--query-gpu=index,uuid,name,driver_version,memory.total,memory.free",
  "--format=csv,noheader,nounits",
];

/**
 * Runs nvidia-smi. Without it a machine has no usable GPU, and this returns at once.
 * @throws the signal's reason when it is aborted
 */
export async function discoverGpus(signal?: AbortSignal): Promise<Discovery> {
  try {
    const { stdout } = await run("nvidia-smi", query, { timeout: answerMs, ...(signal ? { signal } : {}) });
    return { gpus: gpusOf(stdout, process.env.CUDA_VISIBLE_DEVICES), problem: null };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof z.ZodError)
      return { gpus: [], problem: `nvidia-smi printed something unexpected: ${z.prettifyError(error)}` };
    const { code, stdout, message } = error as NodeJS.ErrnoException & { stdout?: string };
    if (code === "ENOENT") return { gpus: [], problem: "no nvidia-smi" };
    return { gpus: [], problem: `nvidia-smi failed: ${stdout?.trim() || message.trim()}` };
  }
}

/**
 * Reads nvidia-smi's CSV. Pure.
 * @param visible CUDA_VISIBLE_DEVICES: indices or UUIDs; what is not in it does not exist for CUDA
 * @throws ZodError when a line does not describe a GPU
 */
export function gpusOf(csv: string, visible: string | undefined): Gpu[] {
  const gpus = csv
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => Line.parse(line.split(",").map((cell) => cell.trim())))
    .map(([index, uuid, name, driver, memory, freeMemory]) => ({
      index,
      device: index,
      uuid,
      name,
      driver,
      memory,
      freeMemory,
    }));
  if (visible === undefined) return gpus;
  const named = visible.split(",").map((name) => name.trim());
  return gpus.flatMap((gpu) => {
    const device = named.findIndex((name) => isNamed(gpu, name));
    return device < 0 ? [] : [{ ...gpu, device }];
  });
}

/** CUDA takes the beginning of a UUID, too. */
const isNamed = ({ index, uuid }: Gpu, name: string) =>
  name === `${index}` || (name.startsWith("GPU-") && uuid.startsWith(name));

/**
 * The GPU to use: the named one, otherwise the one with the most free memory. Pure.
 * @param wanted `auto`, an index or a UUID
 * @throws TypedError NO_SUCH_GPU
 */
export function chooseGpu(gpus: readonly Gpu[], wanted: string): Gpu | null {
  if (wanted === "auto") return gpus.toSorted((one, other) => other.freeMemory - one.freeMemory)[0] ?? null;
  const found = gpus.find((gpu) => isNamed(gpu, wanted));
  if (found === undefined)
    throw new TypedError(
      "NO_SUCH_GPU",
      `there is no GPU ${wanted}: KILN_GPU is auto, or one of ${gpus.map(({ index }) => index).join(", ") || "none"}`,
    );
  return found;
}
