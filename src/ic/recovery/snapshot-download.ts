import { createHash } from "node:crypto";
import { mkdir, open, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { Bytes, Count, Optional, readReply } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { maxChunkBytes } from "../../base/chunk-bytes.ts";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import { type SnapshotPart, snapshotManagement } from "../canisters/snapshot-management.ts";
import { SnapshotManifest, snapshotFiles, snapshotManifestName } from "./snapshot-manifest.ts";

/** Bytes per read: below the platform's limit of 2,000,000 per reply. */
const pieceBytes = maxChunkBytes;

const Integer = z.bigint().transform(String);
const Real = z.number().transform((value) => (Number.isFinite(value) ? value : (String(value) as "NaN")));
const Metadata = z.object({
  taken_at_timestamp: Integer,
  wasm_module_size: Count,
  wasm_memory_size: Count,
  stable_memory_size: Count,
  wasm_chunk_store: z.array(z.object({ hash: Bytes })),
  globals: z.array(
    z.union([
      z.object({ i32: z.number() }),
      z.object({ i64: Integer }),
      z.object({ f32: Real }),
      z.object({ f64: Real }),
      z.object({ v128: Integer }),
    ]),
  ),
  certified_data: Bytes,
  global_timer: Optional(z.union([z.object({ inactive: z.null() }), z.object({ active: Integer })])),
  on_low_wasm_memory_hook_status: Optional(z.record(z.string(), z.null())),
});

const Piece = z.object({ chunk: Bytes });

/**
 * Writes a snapshot to a folder: the module and the memories, then a manifest with their SHA-256.
 * @param options.snapshot its id in hex
 * @param options.folder created if absent; must be empty
 * @throws TypedError FOLDER_NOT_EMPTY, SNAPSHOT_CHANGED, and those of `withRetry`
 */
export async function downloadSnapshot(options: {
  agent: Agent;
  canisterId: string;
  snapshot: string;
  folder: string;
}): Promise<SnapshotManifest> {
  const { agent, canisterId, snapshot, folder } = options;
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new TypedError("FOLDER_NOT_EMPTY", `${folder} is not empty: name another folder`);
  const target = `canister ${canisterId}`;
  const platform = snapshotManagement(agent, canisterId);
  const named = { canister_id: Principal.fromText(canisterId), snapshot_id: Buffer.from(snapshot, "hex") };
  const metadata = readReply(
    Metadata,
    await withRetry(() => platform.read_canister_snapshot_metadata(named), { target }),
    target,
  );
  const read = async (kind: Parameters<typeof platform.read_canister_snapshot_data>[0]["kind"]) =>
    readReply(
      Piece,
      await withRetry(() => platform.read_canister_snapshot_data({ ...named, kind }), { target }),
      target,
    ).chunk;

  async function save(part: SnapshotPart, bytes: number) {
    const hash = createHash("sha256");
    await using file = await open(join(folder, snapshotFiles[part]), "wx");
    for (let offset = 0; offset < bytes; ) {
      const size = Math.min(pieceBytes, bytes - offset);
      const piece = await read({ [part]: { offset: BigInt(offset), size: BigInt(size) } });
      if (piece.length !== size)
        throw new TypedError("SNAPSHOT_CHANGED", `${target} answered ${piece.length} bytes, not ${size}`);
      hash.update(piece);
      await file.writeFile(piece);
      offset += size;
    }
    return { bytes, sha256: hash.digest("hex") };
  }

  const files = {
    wasm_module: await save("wasm_module", metadata.wasm_module_size),
    wasm_memory: await save("wasm_memory", metadata.wasm_memory_size),
    stable_memory: await save("stable_memory", metadata.stable_memory_size),
  };
  const chunks = [];
  for (const { hash } of metadata.wasm_chunk_store) {
    const name = Buffer.from(hash).toString("hex");
    await writeFile(join(folder, `chunk-${name}.bin`), await read({ wasm_chunk: { hash } }));
    chunks.push(name);
  }
  const [hook = null] = Object.keys(metadata.on_low_wasm_memory_hook_status ?? {});
  const timer = metadata.global_timer;
  const manifest = SnapshotManifest.parse({
    version: 1,
    canister: canisterId,
    takenAt: metadata.taken_at_timestamp,
    files,
    chunks,
    globals: metadata.globals,
    certifiedData: Buffer.from(metadata.certified_data).toString("hex"),
    globalTimer: timer === undefined ? null : "active" in timer ? timer : "inactive",
    hook,
  });
  await syncedWrite(join(folder, snapshotManifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}
