import type { Canister } from "./canister.ts";
import { totalMemory } from "./memory-usage.ts";

/** Maximum Wasm memory when the settings have no limit, bytes. @source Internet Computer resource limits */
const largest = { i32: 4n << 30n, i64: 6n << 30n };

/**
 * Checks the memory after a possible change of the memory or the settings.
 * @returns whether the hook must run next
 * @source IC interface specification, "On Low Wasm Memory"
 */
export function watchMemory(canister: Canister): boolean {
  if (!isLow(canister)) canister.lowMemoryHook = "condition_not_satisfied";
  else if (canister.lowMemoryHook === "condition_not_satisfied") canister.lowMemoryHook = "ready";
  return canister.lowMemoryHook === "ready" && canister.status === "running";
}

/** "wasm_memory_threshold > min(memory_allocation - other memory, wasm_memory_limit) - Wasm memory" */
function isLow(canister: Canister): boolean {
  const { program, settings } = canister;
  const { wasmMemoryThreshold, wasmMemoryLimit, memoryAllocation } = settings;
  if (!program || wasmMemoryThreshold === 0n) return false;
  const used = BigInt(program.heapSize);
  const limit = wasmMemoryLimit === 0n ? largest[program.module.address] : wasmMemoryLimit;
  const allocated = memoryAllocation - (totalMemory(canister) - used);
  const capacity = memoryAllocation > 0n && allocated < limit ? allocated : limit;
  return capacity - used < wasmMemoryThreshold;
}
