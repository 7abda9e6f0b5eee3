import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { Bytes, readReply } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { maxChunkBytes } from "../../base/chunk-bytes.ts";
import { TypedError } from "../../base/typed-error.ts";
import { type SnapshotPart, snapshotManagement } from "../canisters/snapshot-management.ts";
import { readSnapshotManifest, type SnapshotManifest, snapshotFiles } from "./snapshot-manifest.ts";

/** Bytes per message: below the platform's limit of 2 MiB. */
const pieceBytes = maxChunkBytes;

const Begun = z.object({ snapshot_id: Bytes });
const parts = Object.keys(snapshotFiles) as SnapshotPart[];

/**
 * Uploads a downloaded snapshot to the canister that will load it; every file is checked first.
 * @returns the snapshot's id in hex, for `loadSnapshot`
 * @throws TypedError SNAPSHOT_INVALID before anything was sent, and those of `withRetry`
 */
export async function uploadSnapshot(options: {
  agent: Agent;
  canisterId: string;
  folder: string;
}): Promise<string> {
  const { agent, canisterId, folder } = options;
  const manifest = await readSnapshotManifest(folder);
  await check(folder, manifest);
  const target = `canister ${canisterId}`;
  const platform = snapshotManagement(agent, canisterId);
  const canister_id = Principal.fromText(canisterId);
  const begun = await platform.upload_canister_snapshot_metadata({
    canister_id,
    replace_snapshot: [],
    ...metadataOf(manifest),
  });
  const { snapshot_id } = readReply(Begun, begun, target);
  const send = (
    kind: Parameters<typeof platform.upload_canister_snapshot_data>[0]["kind"],
    chunk: Uint8Array,
  ) =>
    withRetry(() => platform.upload_canister_snapshot_data({ canister_id, snapshot_id, kind, chunk }), {
      target,
    });
  for (const part of parts) {
    await using file = await open(join(folder, snapshotFiles[part]));
    for (let offset = 0; offset < manifest.files[part].bytes; ) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, offset);
      await send({ [part]: { offset: BigInt(offset) } }, buffer.subarray(0, bytesRead));
      offset += bytesRead;
    }
  }
  for (const name of manifest.chunks)
    await send({ wasm_chunk: null }, await readFile(join(folder, `chunk-${name}.bin`)));
  return Buffer.from(snapshot_id).toString("hex");
}

/** @throws TypedError SNAPSHOT_INVALID with the first file that differs from what was downloaded */
async function check(folder: string, { files, chunks }: SnapshotManifest): Promise<void> {
  const expected: [string, string, number | undefined][] = [
    ...parts.map((part): [string, string, number] => [
      snapshotFiles[part],
      files[part].sha256,
      files[part].bytes,
    ]),
    ...chunks.map((name): [string, string, undefined] => [`chunk-${name}.bin`, name, undefined]),
  ];
  for (const [name, sha256, bytes] of expected) {
    const path = join(folder, name);
    const size = (await stat(path).catch(() => undefined))?.size;
    if (size === undefined || (bytes !== undefined && size !== bytes) || (await hashOf(path)) !== sha256)
      throw new TypedError("SNAPSHOT_INVALID", `${path} is not what was downloaded: download it again`);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function metadataOf(manifest: SnapshotManifest) {
  const { files, globals, certifiedData, globalTimer, hook } = manifest;
  return {
    wasm_module_size: BigInt(files.wasm_module.bytes),
    wasm_memory_size: BigInt(files.wasm_memory.bytes),
    stable_memory_size: BigInt(files.stable_memory.bytes),
    globals: globals.map((global) => {
      if ("i64" in global) return { i64: BigInt(global.i64) };
      if ("v128" in global) return { v128: BigInt(global.v128) };
      if ("f32" in global) return { f32: Number(global.f32) };
      if ("f64" in global) return { f64: Number(global.f64) };
      return global;
    }),
    certified_data: Buffer.from(certifiedData, "hex"),
    global_timer:
      globalTimer === null
        ? []
        : [globalTimer === "inactive" ? { inactive: null } : { active: BigInt(globalTimer.active) }],
    on_low_wasm_memory_hook_status: hook === null ? [] : [{ [hook]: null }],
  };
}
