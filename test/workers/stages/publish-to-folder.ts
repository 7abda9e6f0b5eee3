import { existsSync } from "node:fs";
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  watch,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { TypedError } from "../../../src/base/typed-error.ts";
import type { TaskHandlers } from "../../../src/workers/tasks/serve-task.ts";

/**
 * A publisher with the promises of the storage canister, on files: chunks that are there are not sent again,
 * one atomic commit, an older attempt is refused. `calls` records what had an effect, a line each.
 * While the file `hold` exists, uploads stop half-way; the file `refuse` holds what is thrown, once.
 */
export function publishToFolder(folder: string): TaskHandlers["publish"] {
  const record = (line: string) => appendFile(join(folder, "calls"), `${line}\n`);
  return async ({ video, attempt, folder: product }, { signal, onProgress }) => {
    const upload = join(folder, "uploads", video);
    const committed = join(folder, "public", video);
    const url = `http://storage.example/v/${video}/`;
    await mkdir(upload, { recursive: true });
    await mkdir(dirname(committed), { recursive: true });
    if (existsSync(committed)) return { url };
    await refuseOnce(join(folder, "refuse"));
    await takeOver(join(folder, `${video}.attempt`), attempt);
    const files = await readdir(product, { recursive: true, withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    for (const [index, name] of names.entries()) {
      const target = join(upload, name.slice(product.length));
      if (!existsSync(target)) {
        await mkdir(dirname(target), { recursive: true });
        await copyFile(name, `${target}.part`);
        await rename(`${target}.part`, target);
        await record(`put ${name.slice(product.length)}`);
      }
      onProgress({ stage: "upload", fraction: (index + 1) / names.length });
      if (index + 1 === Math.ceil(names.length / 2)) await held(join(folder, "hold"), signal);
      signal.throwIfAborted();
    }
    await rename(upload, committed);
    await record(`commit ${video}`);
    return { url };
  };
}

async function takeOver(file: string, attempt: number): Promise<void> {
  const newest = existsSync(file) ? Number(await readFile(file, "utf8")) : 0;
  if (attempt < newest) throw new TypedError("STALE_ATTEMPT", `attempt ${newest} has taken over`);
  await writeFile(file, String(attempt));
}

/** @param file one line: "passing" or "final" */
async function refuseOnce(file: string): Promise<void> {
  if (!existsSync(file)) return;
  const final = (await readFile(file, "utf8")) === "final";
  await rm(file);
  throw new TypedError(final ? "UNAUTHORIZED" : "CANISTER_UNREACHABLE", "not this time");
}

async function held(file: string, signal: AbortSignal): Promise<void> {
  const changes = watch(dirname(file), { signal });
  if (!existsSync(file)) return;
  for await (const _ of changes) if (!existsSync(file)) return;
}
