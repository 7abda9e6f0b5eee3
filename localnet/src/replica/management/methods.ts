import { randomBytes } from "node:crypto";
import { Principal } from "@dfinity/principal";
import { type Canister, controls } from "../../canister/canister.ts";
import { errorCodes, type Rejection, reject, textOf } from "../../canister/trap.ts";
import { assemble, type CodeChange, changeCode, storeChunk, uninstall } from "./code.ts";
import { createCanister, createPaidCanister } from "./create-canister.ts";
import type { MethodName } from "./interface.ts";
import { done, find, type ManagementParts, type Method, type Outcome, type Result } from "./method.ts";
import { Refusal } from "./refusal.ts";
import { applySettings } from "./settings.ts";
import { snapshotMethods } from "./snapshot-methods.ts";
import { statusOf } from "./status.ts";

/** Cycles of a canister that is made without naming an amount. */
const defaultCycles = 100_000_000_000_000n;

/** What each method of the management canister does. They throw a Refusal to reject. */
export function methodsOf(parts: ManagementParts): { [Name in MethodName]: Method<Name> } {
  const { registry } = parts;
  return {
    create_canister: {
      callers: "canisters",
      run: ({ settings }, { caller, cycles }) => {
        const subnet = parts.subnets.of(caller);
        const canister = createPaidCanister(parts, { caller, settings: settings[0], cycles, subnet });
        return { ...named(canister), kept: cycles };
      },
    },
    provisional_create_canister_with_cycles: {
      callers: "anyone",
      run: ({ settings, amount, specified_id }, { caller, effectiveCanisterId }) =>
        named(
          createCanister(parts, {
            caller,
            settings: settings[0],
            cycles: amount[0] ?? defaultCycles,
            id: specified_id[0]?.toUint8Array(),
            subnet: parts.subnets.of(effectiveCanisterId),
          }),
        ),
    },
    provisional_top_up_canister: {
      callers: "anyone",
      run: ({ canister_id, amount }) => {
        find(registry, canister_id).cycles += amount;
        return done;
      },
    },
    install_code: {
      callers: "controllers",
      run: ({ canister_id, mode, wasm_module, arg }, { caller }) =>
        change(parts, find(registry, canister_id), { mode, source: wasm_module, arg, caller }),
    },
    install_chunked_code: {
      callers: "controllers",
      run: (arg, { caller }) => {
        const store = find(registry, arg.store_canister[0] ?? arg.target_canister);
        if (!controls(store, caller) && Buffer.compare(store.id, caller) !== 0) {
          const message = `Only controllers of canister ${textOf(store.id)} can use its chunk store`;
          throw new Refusal(errorCodes.invalidController, message);
        }
        const source = assemble(store, arg.chunk_hashes_list, arg.wasm_module_hash);
        return change(parts, find(registry, arg.target_canister), {
          mode: arg.mode,
          source,
          arg: arg.arg,
          caller,
        });
      },
    },
    upload_chunk: {
      callers: "controllersOrSelf",
      run: ({ canister_id, chunk }) => ({
        reply: [{ hash: storeChunk(find(registry, canister_id), chunk) }],
      }),
    },
    stored_chunks: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => {
        const hashes = [...find(registry, canister_id).chunks.keys()];
        return { reply: [hashes.map((hash) => ({ hash: Buffer.from(hash, "hex") }))] };
      },
    },
    clear_chunk_store: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => {
        find(registry, canister_id).chunks = new Map();
        return done;
      },
    },
    uninstall_code: {
      callers: "controllers",
      run: ({ canister_id }) => {
        const canister = find(registry, canister_id);
        uninstall(canister);
        parts.scheduler().abandon(canister.id);
        return done;
      },
    },
    start_canister: {
      callers: "controllers",
      run: ({ canister_id }) => {
        const canister = find(registry, canister_id);
        canister.status = "running";
        parts.scheduler().cancelIdleWaiters(canister.id);
        return done;
      },
    },
    stop_canister: {
      callers: "controllers",
      run: ({ canister_id }) => stop(parts, find(registry, canister_id)),
    },
    delete_canister: {
      callers: "controllers",
      run: ({ canister_id }) => {
        const canister = find(registry, canister_id);
        if (canister.status !== "stopped") {
          const message = `Canister ${canister_id.toText()} must be stopped before it is deleted.`;
          throw new Refusal(errorCodes.notStopped, message);
        }
        parts.registry.remove(canister);
        return done;
      },
    },
    canister_status: {
      callers: "controllersOrSelf",
      visibleTo: "statusVisibility",
      run: ({ canister_id }) => ({ reply: [statusOf(find(registry, canister_id))] }),
    },
    canister_metrics: {
      callers: "controllersOrSelf",
      run: ({ canister_id }) => ({ reply: [{ cycles_consumed: find(registry, canister_id).consumed }] }),
    },
    canister_info: {
      callers: "canisters",
      run: ({ canister_id }) => {
        const { version, program, settings } = find(registry, canister_id);
        const controllers = settings.controllers.map((controller) => Principal.fromUint8Array(controller));
        const module_hash = program ? [program.module.hash] : [];
        return { reply: [{ total_num_changes: version, recent_changes: [], module_hash, controllers }] };
      },
    },
    update_settings: {
      callers: "controllers",
      run: ({ canister_id, settings }) => {
        const canister = find(registry, canister_id);
        canister.settings = applySettings(canister.settings, settings);
        canister.version += 1n;
        return done;
      },
    },
    deposit_cycles: {
      callers: "canisters",
      run: ({ canister_id }, { cycles }) => {
        find(registry, canister_id).cycles += cycles;
        return { reply: [], kept: cycles };
      },
    },
    raw_rand: { callers: "canisters", run: () => ({ reply: [new Uint8Array(randomBytes(32))] }) },
    fetch_canister_logs: {
      callers: "anyone",
      run: () => ({ rejection: noUpdate("fetch_canister_logs") }),
    },
    ...snapshotMethods(parts),
  };
}

function noUpdate(method: string): Rejection {
  return reject(errorCodes.canisterRejected, `${method} API is only accessible in non-replicated mode`);
}

function named({ id }: Canister): { reply: unknown[] } {
  return { reply: [{ canister_id: Principal.fromUint8Array(id) }] };
}

function change(
  { limits, now, onExecuted }: ManagementParts,
  canister: Canister,
  code: Omit<CodeChange, "limit" | "time" | "onExecuted">,
): Outcome {
  const rejection = changeCode(canister, { ...code, limit: limits.install, time: now(), onExecuted });
  return rejection ? { rejection } : done;
}

function stop({ scheduler }: ManagementParts, canister: Canister): Result {
  canister.status = "stopping";
  const cancelled = reject(
    errorCodes.stoppingCancelled,
    `Canister ${textOf(canister.id)} was started again before it stopped`,
  );
  return {
    later: (settle) =>
      scheduler().whenIdle(canister.id, (end) => {
        if (end === "idle") canister.status = "stopped";
        settle(end === "idle" ? done : { rejection: cancelled });
      }),
  };
}
