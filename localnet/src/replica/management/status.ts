import type { Canister } from "../../canister/canister.ts";
import { snapshotSize } from "../../canister/canister-snapshot.ts";
import { stablePageSize } from "../../canister/stable-memory.ts";
import { shownSettings } from "./settings.ts";

/** What canister_status answers. Nothing is charged here, so nothing is ever reserved or burned. */
export function statusOf(canister: Canister) {
  const { program, stable, chunks, snapshots } = canister;
  const heap = BigInt(program?.heapSize ?? 0);
  const stableSize = BigInt(stable.size * stablePageSize);
  const binary = BigInt(program?.module.source.length ?? 0);
  const sections = program?.module.customs.reduce((sum, { content }) => sum + content.length, 0) ?? 0;
  const chunkStore = [...chunks.values()].reduce((sum, { length }) => sum + length, 0);
  const kept = snapshots.reduce((sum, snapshot) => sum + snapshotSize(snapshot), 0);
  return {
    status: { [canister.status]: null },
    version: canister.version,
    ready_for_migration: false,
    settings: shownSettings(canister.settings),
    module_hash: program ? [program.module.hash] : [],
    memory_size: heap + stableSize + binary + BigInt(sections + chunkStore + kept),
    memory_metrics: {
      wasm_memory_size: heap,
      stable_memory_size: stableSize,
      global_memory_size: 0n,
      wasm_binary_size: binary,
      custom_sections_size: BigInt(sections),
      canister_history_size: 0n,
      wasm_chunk_store_size: BigInt(chunkStore),
      snapshots_size: BigInt(kept),
    },
    cycles: canister.cycles,
    reserved_cycles: 0n,
    idle_cycles_burned_per_day: 0n,
    query_stats: {
      num_calls_total: 0n,
      num_instructions_total: 0n,
      request_payload_bytes_total: 0n,
      response_payload_bytes_total: 0n,
    },
  };
}
