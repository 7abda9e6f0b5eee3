import { holdingOf } from "../../canister/account.ts";
import type { Canister } from "../../canister/canister.ts";
import { memoryUsage, totalMemory } from "../../canister/memory-usage.ts";
import { idleFee } from "../../cycles/fees.ts";
import { shownSettings } from "./settings.ts";

const day = 86_400_000_000_000n;

/** The reply of canister_status. Nothing is ever reserved: a local subnet is never full. */
export function statusOf(canister: Canister) {
  const { program } = canister;
  const memory = memoryUsage(canister);
  return {
    status: { [canister.status]: null },
    version: canister.version,
    ready_for_migration: false,
    settings: shownSettings(canister.settings),
    module_hash: program ? [program.module.hash] : [],
    memory_size: totalMemory(canister),
    memory_metrics: {
      wasm_memory_size: BigInt(memory.heap),
      stable_memory_size: BigInt(memory.stable),
      global_memory_size: 0n,
      wasm_binary_size: BigInt(memory.module),
      custom_sections_size: BigInt(memory.sections),
      canister_history_size: 0n,
      wasm_chunk_store_size: BigInt(memory.chunks),
      snapshots_size: BigInt(memory.snapshots),
      log_memory_store_size: BigInt(memory.log),
    },
    cycles: canister.cycles,
    reserved_cycles: 0n,
    idle_cycles_burned_per_day: idleFee(holdingOf(canister), day),
    query_stats: {
      num_calls_total: 0n,
      num_instructions_total: 0n,
      request_payload_bytes_total: 0n,
      response_payload_bytes_total: 0n,
    },
  };
}
