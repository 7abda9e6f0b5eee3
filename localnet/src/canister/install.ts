import { hostNames } from "../wasm/names.ts";
import type { Canister } from "./canister.ts";
import type { CompiledModule } from "./compiled-module.ts";
import type { Context } from "./context.ts";
import { appendLog, commit, executionOf } from "./execute.ts";
import type { Execution } from "./execution.ts";
import type { Entry, Outcome } from "./instance.ts";
import { Program } from "./program.ts";
import { StableMemory, StableOverlay } from "./stable-memory.ts";
import { contractViolation, errorCodes, Trap } from "./trap.ts";

export interface Installation {
  module: CompiledModule;
  arg: Uint8Array;
  caller: Uint8Array;
  /** Maximum number of instructions of all its parts together. */
  limit: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
}

export interface UpgradeOptions {
  preUpgrade: "run" | "skip";
  memory: "keep" | "replace" | undefined;
}

type Stage = { context: Context; entries: Entry[] };

/** Installs a module; the canister's previous memories are lost. Nothing changes when it traps. */
export function install(canister: Canister, installation: Installation): Outcome {
  const program = construct(() => Program.fresh(installation.module));
  if (program instanceof Trap) return { trap: program, instructions: 0n };
  const stable = new StableMemory();
  const execution = begin(canister, installation, stable);
  const trap = runStages(program, execution, [
    { context: "s", entries: [{ export: hostNames.data }, { export: hostNames.start }] },
    { context: "I", entries: [{ export: "canister_init" }] },
  ]);
  appendLog(canister, execution, trap);
  if (trap) return { trap, instructions: execution.spent };
  canister.certifiedData = new Uint8Array();
  canister.stable = stable;
  settle(canister, program, execution);
  return { trap, instructions: execution.spent };
}

/**
 * Replaces the code and keeps the state: stable memory always, the heap depending on the options.
 * When anything traps, nothing changes: memories, globals, module, certified data.
 */
export function upgrade(canister: Canister, installation: Installation, options: UpgradeOptions): Outcome {
  const old = canister.program!;
  const refusal = checkPersistence(old.module, installation.module, options.memory);
  if (refusal) return { trap: refusal, instructions: 0n };
  const execution = begin(canister, installation, canister.stable);
  const fail = (trap: Trap, program = old): Outcome => {
    program.rollback();
    if (program !== old) old.rollback();
    appendLog(canister, execution, trap);
    return { trap, instructions: execution.spent };
  };
  if (options.preUpgrade === "run") {
    const trap = runStages(old, execution, [{ context: "G", entries: [{ export: "canister_pre_upgrade" }] }]);
    if (trap) return fail(trap);
  }
  // "The global timer is deactivated" by an upgrade.
  execution.journal.globalTimer = undefined;
  execution.facts.globalTimer = 0n;
  const { module } = installation;
  const program = construct(() =>
    options.memory === "keep" ? Program.upgrade(module, old) : Program.fresh(module),
  );
  if (program instanceof Trap) return fail(program);
  const load: Entry[] = options.memory === "keep" ? [] : [{ export: hostNames.data }];
  const trap = runStages(program, execution, [
    { context: "s", entries: [...load, { export: hostNames.start }] },
    { context: "I", entries: [{ export: "canister_post_upgrade" }] },
  ]);
  if (trap) return fail(trap, program);
  appendLog(canister, execution, undefined);
  settle(canister, program, execution);
  return { trap: undefined, instructions: execution.spent };
}

/** A valid module may still not fit the system API or its own table. */
function construct(make: () => Program): Program | Trap {
  try {
    return make();
  } catch (error) {
    return new Trap(errorCodes.invalidWasm, `Canister's Wasm module cannot be instantiated: ${error}`);
  }
}

function begin(
  canister: Canister,
  { arg, caller, limit, time }: Installation,
  stable: StableMemory,
): Execution {
  const message = {
    context: "s",
    entry: { export: hostNames.start },
    input: { caller, arg },
    limit,
    time,
  } as const;
  const execution = executionOf(canister, message, new StableOverlay(stable));
  execution.facts.globalTimer = 0n;
  return execution;
}

/** The stages are one execution: one limit, one journal, one view of stable memory. */
function runStages(program: Program, execution: Execution, stages: readonly Stage[]): Trap | undefined {
  for (const { context, entries } of stages) {
    execution.context = context;
    const { trap, instructions } = program.runUpdate(execution, entries);
    execution.spent += instructions;
    if (trap) return trap;
  }
  return undefined;
}

function settle(canister: Canister, program: Program, execution: Execution): void {
  canister.globalTimer = 0n;
  canister.version += 1n;
  commit(canister, program, execution);
  canister.program = program;
}

/** @source dfinity/ic rs/execution_environment, determine_main_memory_handling */
function checkPersistence(
  old: CompiledModule,
  next: CompiledModule,
  memory: UpgradeOptions["memory"],
): Trap | undefined {
  if (memory === undefined && old.persistence === "enhanced") {
    return contractViolation(
      "Missing upgrade option: Enhanced orthogonal persistence requires the `wasm_memory_persistence` upgrade option.",
    );
  }
  if (memory === "keep" && next.persistence === "classical") {
    return contractViolation(
      "Invalid upgrade option: The `wasm_memory_persistence: opt Keep` upgrade option requires that the new canister module supports enhanced orthogonal persistence.",
    );
  }
  return undefined;
}
