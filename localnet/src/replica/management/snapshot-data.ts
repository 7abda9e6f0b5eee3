import { createHash } from "node:crypto";
import type { CanisterSnapshot, SnapshotGlobal } from "../../canister/canister-snapshot.ts";
import { type StableMemory, StableOverlay, stablePageSize } from "../../canister/stable-memory.ts";
import { errorCodes } from "../../canister/trap.ts";
import { largestChunk, maxChunks } from "./code.ts";
import { Refusal } from "./refusal.ts";
import type { GlobalArg, ReadKind, TimerArg, UploadKind } from "./snapshot-interface.ts";

/** Maximum bytes of one read: it must fit into a reply. @source Internet Computer resource limits */
const largestRead = 2_000_000;

/** A part of a snapshot. @throws Refusal when it is not there or too large for one reply */
export function readData(snapshot: CanisterSnapshot, kind: ReadKind): Uint8Array {
  if ("wasm_chunk" in kind) return chunkOf(snapshot, kind.wasm_chunk.hash);
  const [part, { offset, size }] = Object.entries(kind)[0]!;
  if (size > BigInt(largestRead)) {
    throw new Refusal(
      errorCodes.invalidManagementPayload,
      `At most ${largestRead} bytes can be read at once, not ${size}`,
    );
  }
  const length = Number(size);
  const at = within(snapshot, part as Part, offset, length);
  if (part === "wasm_module") return snapshot.module.slice(at, at + length);
  const content = new Uint8Array(length);
  new StableOverlay(memoryOf(snapshot, part as Part)).read(content, at);
  return content;
}

/** Puts a part into an uploaded snapshot. @throws Refusal when it does not fit */
export function writeData(snapshot: CanisterSnapshot, kind: UploadKind, chunk: Uint8Array): void {
  if ("wasm_chunk" in kind) {
    storeChunk(snapshot, chunk);
    return;
  }
  const [part, { offset }] = Object.entries(kind)[0]!;
  const at = within(snapshot, part as Part, offset, chunk.length);
  if (part === "wasm_module") {
    // The previous bytes may already have been saved or installed, so they are not changed in place.
    snapshot.module = snapshot.module.slice();
    snapshot.module.set(chunk, at);
    return;
  }
  const overlay = new StableOverlay(memoryOf(snapshot, part as Part));
  overlay.write(at, chunk);
  overlay.commit();
}

type Part = "wasm_module" | "wasm_memory" | "stable_memory";

function memoryOf({ heap, stable }: CanisterSnapshot, part: Part): StableMemory {
  return part === "wasm_memory" ? heap : stable;
}

function within(snapshot: CanisterSnapshot, part: Part, offset: bigint, length: number): number {
  const size =
    part === "wasm_module" ? snapshot.module.length : memoryOf(snapshot, part).size * stablePageSize;
  if (offset + BigInt(length) <= BigInt(size)) return Number(offset);
  const message = `${part} of the snapshot has ${size} bytes: offset ${offset} and size ${length} reach beyond`;
  throw new Refusal(errorCodes.invalidManagementPayload, message);
}

function chunkOf({ chunks }: CanisterSnapshot, hash: Uint8Array): Uint8Array {
  const key = Buffer.from(hash).toString("hex");
  const chunk = chunks.get(key);
  if (chunk) return chunk;
  throw new Refusal(
    errorCodes.invalidManagementPayload,
    `The chunk store of the snapshot has no chunk ${key}`,
  );
}

function storeChunk({ chunks }: CanisterSnapshot, chunk: Uint8Array): void {
  const key = createHash("sha256").update(chunk).digest("hex");
  if (chunk.length > largestChunk || (!chunks.has(key) && chunks.size >= maxChunks)) {
    const message = `A chunk store holds at most ${maxChunks} chunks of at most ${largestChunk} bytes`;
    throw new Refusal(errorCodes.invalidManagementPayload, message);
  }
  chunks.set(key, chunk);
}

/** @throws Refusal for vectors, which are not supported */
export function globalOf(arg: GlobalArg): SnapshotGlobal {
  const [type, value] = Object.entries(arg)[0] as [SnapshotGlobal["type"] | "v128", number | bigint];
  if (type === "v128") throw new Refusal(errorCodes.invalidManagementPayload, "SIMD is not supported");
  return { type, value };
}

export function globalArg({ type, value }: SnapshotGlobal): GlobalArg {
  return { [type]: value } as GlobalArg;
}

export function timerArg(timer: bigint | undefined): [] | [TimerArg] {
  if (timer === undefined) return [];
  return [timer === 0n ? { inactive: null } : { active: timer }];
}
