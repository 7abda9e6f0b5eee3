import { createHash } from "node:crypto";
import type { Canister } from "../../canister/canister.ts";
import { type CompiledModule, compileModule } from "../../canister/compiled-module.ts";
import { install, upgrade } from "../../canister/install.ts";
import type { Outcome } from "../../canister/instance.ts";
import { StableMemory } from "../../canister/stable-memory.ts";
import { errorCodes, type Rejection, rejectionOf, Trap, textOf } from "../../canister/trap.ts";
import { countedInstructions } from "../../cycles/prices.ts";
import { giveBack, prepay } from "../payment.ts";
import type { Executed } from "../scheduler.ts";
import type { InstallMode } from "./interface.ts";
import { Refusal } from "./refusal.ts";

/** @source IC interface specification, upload_chunk: 1 MiB a chunk, 100 chunks a store */
export const largestChunk = 1024 * 1024;
export const maxChunks = 100;

export interface CodeChange {
  mode: InstallMode;
  source: Uint8Array;
  arg: Uint8Array;
  caller: Uint8Array;
  limit: bigint;
  time: bigint;
  onExecuted: (execution: Executed) => void;
}

/** Installs, reinstalls or upgrades, atomically. @throws Refusal when the mode does not fit */
export function changeCode(canister: Canister, change: CodeChange): Rejection | undefined {
  const { mode, source, onExecuted } = change;
  if ("install" in mode && canister.program) {
    const message = `Canister ${textOf(canister.id)} cannot be installed because the canister is not empty. Try installing with mode='reinstall' instead.`;
    throw new Refusal(errorCodes.nonEmpty, message);
  }
  if ("upgrade" in mode && !canister.program) {
    const message = `Canister ${textOf(canister.id)} cannot be upgraded: it contains no Wasm module.`;
    throw new Refusal(errorCodes.moduleNotFound, message);
  }
  try {
    const module = compileModule(source);
    const prepaid = prepay(canister, change.limit, module.address);
    if (typeof prepaid === "object") return prepaid;
    const { trap, instructions: executed } = run(canister, change, module);
    const instructions = executed + BigInt(module.codeSize) * countedInstructions.compiledByte;
    giveBack(canister, prepaid, instructions, module.address);
    onExecuted({ canister: canister.id, entry: Object.keys(mode)[0]!, instructions });
    return trap && rejectionOf(trap, canister.id);
  } catch (error) {
    if (error instanceof Trap) return rejectionOf(error, canister.id);
    throw error;
  }
}

function run(canister: Canister, { mode, ...installation }: CodeChange, module: CompiledModule): Outcome {
  return "upgrade" in mode
    ? upgrade(canister, { ...installation, module }, upgradeOptions(mode.upgrade[0]))
    : install(canister, { ...installation, module });
}

type UpgradeArg = Extract<InstallMode, { upgrade: unknown }>["upgrade"][0];

function upgradeOptions(arg: UpgradeArg): Parameters<typeof upgrade>[2] {
  const memory = arg?.wasm_memory_persistence[0];
  return {
    preUpgrade: arg?.skip_pre_upgrade[0] ? "skip" : "run",
    memory: memory && ("keep" in memory ? "keep" : "replace"),
  };
}

/** Removes code and state; settings, cycles and the chunk store remain. */
export function uninstall(canister: Canister): void {
  canister.program = undefined;
  canister.stable = new StableMemory();
  canister.certifiedData = new Uint8Array();
  canister.globalTimer = 0n;
  canister.version += 1n;
}

/** Returns the chunk's SHA-256. @throws Refusal */
export function storeChunk({ chunks }: Canister, chunk: Uint8Array): Uint8Array {
  if (chunk.length > largestChunk) {
    throw chunkStoreError(
      `Wasm chunk size ${chunk.length} exceeds the maximum chunk size of ${largestChunk}`,
    );
  }
  const hash = createHash("sha256").update(chunk).digest();
  const key = hash.toString("hex");
  if (!chunks.has(key) && chunks.size >= maxChunks) {
    throw chunkStoreError(`the store has already reached its maximum of ${maxChunks} chunks`);
  }
  chunks.set(key, chunk);
  return hash;
}

/** The module assembled from chunks. @throws Refusal when a chunk is missing or the hash differs */
export function assemble(store: Canister, hashes: { hash: Uint8Array }[], expected: Uint8Array): Uint8Array {
  const chunks = hashes.map(({ hash }) => {
    const key = Buffer.from(hash).toString("hex");
    const chunk = store.chunks.get(key);
    if (!chunk) throw chunkStoreError(`chunk ${key} was not found`);
    return chunk;
  });
  const module = Buffer.concat(chunks);
  const hash = createHash("sha256").update(module).digest();
  if (Buffer.compare(hash, expected) !== 0) {
    const [found, wanted] = [hash.toString("hex"), Buffer.from(expected).toString("hex")];
    throw chunkStoreError(`the chunks make a module with hash ${found}, not ${wanted}`);
  }
  return new Uint8Array(module);
}

function chunkStoreError(what: string): Refusal {
  return new Refusal(errorCodes.contractViolation, `Error from Wasm chunk store: ${what}.`);
}
