import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { issuesOf } from "../../base/zod-issues.ts";

export const snapshotManifestName = "snapshot.json";

/** The files of a downloaded snapshot, by what they hold. */
export const snapshotFiles = {
  wasm_module: "module.wasm",
  wasm_memory: "wasm-memory.bin",
  stable_memory: "stable-memory.bin",
} as const;

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const File = z.object({ bytes: z.number().int().nonnegative(), sha256: Sha256 });
const whole = z.string().regex(/^-?\d+$/);
/** NaN and infinities, which JSON cannot represent, are written as strings. */
const real = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]);

/** The contents of a downloaded snapshot's folder; integers beyond 53 bits are decimal strings. */
export const SnapshotManifest = z.object({
  version: z.literal(1),
  canister: PrincipalId,
  /** Nanoseconds since 1970. */
  takenAt: whole,
  files: z.object({ wasm_module: File, wasm_memory: File, stable_memory: File }),
  /** SHA-256 of the chunks of the canister's chunk store, files `chunk-<hash>.bin`. */
  chunks: z.array(Sha256),
  globals: z.array(
    z.union([
      z.object({ i32: z.number().int() }),
      z.object({ i64: whole }),
      z.object({ f32: real }),
      z.object({ f64: real }),
      z.object({ v128: whole }),
    ]),
  ),
  certifiedData: z.string().regex(/^([0-9a-f]{2})*$/),
  globalTimer: z.union([z.null(), z.literal("inactive"), z.object({ active: whole })]),
  hook: z.enum(["condition_not_satisfied", "ready", "executed"]).nullable(),
});
export type SnapshotManifest = z.infer<typeof SnapshotManifest>;

/** @throws TypedError SNAPSHOT_INVALID */
export async function readSnapshotManifest(folder: string): Promise<SnapshotManifest> {
  const path = join(folder, snapshotManifestName);
  try {
    return SnapshotManifest.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? issuesOf(cause) : (cause as Error).message;
    throw new TypedError(
      "SNAPSHOT_INVALID",
      `${folder} holds no whole snapshot (download it again): ${why}`,
      {
        cause,
      },
    );
  }
}
