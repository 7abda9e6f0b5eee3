import { consume } from "./account.ts";
import type { Canister } from "./canister.ts";
import { type Context, isReplicated } from "./context.ts";
import {
  type Execution,
  emptyJournal,
  type Facts,
  freeOfCharge,
  type Input,
  type Journal,
  type Room,
  type Tariff,
} from "./execution.ts";
import type { Entry } from "./instance.ts";
import type { Program } from "./program.ts";
import { StableOverlay } from "./stable-memory.ts";
import { errorCodes, Trap } from "./trap.ts";

/** A message for a canister's code. */
export interface Message {
  context: Context;
  entry: Entry;
  input: Input;
  /** What its calls cost; nothing when absent. */
  tariff?: Tariff;
  /** How many calls it can make; any number when absent. */
  room?: Room;
  /** Maximum number of instructions. */
  limit: bigint;
  instructionsBefore?: bigint;
  /** Nanoseconds since 1970. */
  time: bigint;
}

export interface Finished {
  journal: Journal;
  trap: Trap | undefined;
  instructions: bigint;
}

export function factsOf(canister: Canister): Facts {
  return {
    id: canister.id,
    controllers: canister.settings.controllers,
    environmentVariables: canister.settings.environmentVariables,
    cycles: canister.cycles,
    status: canister.status,
    version: canister.version,
    globalTimer: canister.globalTimer,
  };
}

const unlimited: Room = () => Number.POSITIVE_INFINITY;

export function executionOf(canister: Canister, message: Message, stable: StableOverlay): Execution {
  const {
    context,
    input,
    tariff = freeOfCharge,
    room = unlimited,
    limit,
    instructionsBefore = 0n,
    time,
  } = message;
  const facts = factsOf(canister);
  return {
    context,
    input,
    facts,
    stable,
    journal: emptyJournal(),
    tariff,
    room,
    limit,
    spent: 0n,
    instructionsBefore,
    time,
  };
}

/** Runs an update, callback or system task, then commits or rolls back. The canister must have a program. */
export function executeUpdate(canister: Canister, message: Message): Finished {
  const program = canister.program!;
  const stable = new StableOverlay(canister.stable);
  const execution = executionOf(canister, message, stable);
  const outcome = program.runUpdate(execution, [message.entry]);
  const { instructions } = outcome;
  const trap = outcome.trap ?? beyondMemoryLimit(canister, message.context);
  if (trap) program.rollback();
  else commit(canister, program, execution);
  appendLog(canister, execution, trap);
  return { journal: execution.journal, trap, instructions };
}

/** "Updates, timers and heartbeats fail above the limit", responses to calls do not: what has begun may finish. */
function beyondMemoryLimit({ program, settings }: Canister, context: Context): Trap | undefined {
  const limit = settings.wasmMemoryLimit;
  if (limit === 0n || BigInt(program!.heapSize) <= limit || !["U", "T"].includes(context)) return undefined;
  const message = `Canister exceeded its current Wasm memory limit of ${limit} bytes.`;
  return new Trap(errorCodes.memoryLimit, message);
}

/** Runs a query method in replicated mode, or inspect_message, and discards its changes. */
export function executeDiscarded(canister: Canister, message: Message): Finished {
  const program = canister.program!;
  const execution = executionOf(canister, message, new StableOverlay(canister.stable));
  const { trap, instructions } = program.runQuery(execution, [message.entry]);
  program.resetQueries();
  appendLog(canister, execution, trap);
  return { journal: execution.journal, trap, instructions };
}

/** Applies everything that an execution did to the canister's state. */
export function commit(canister: Canister, program: Program, { stable, journal }: Execution): void {
  program.commit();
  stable.commit();
  if (journal.certifiedData) canister.certifiedData = journal.certifiedData;
  if (journal.globalTimer !== undefined) canister.globalTimer = journal.globalTimer;
  canister.cycles += journal.cyclesAccepted;
  consume(canister, "burned_cycles", journal.cyclesBurned);
  for (const { cycles, prepaid, fee } of journal.calls) {
    canister.cycles -= cycles + prepaid;
    consume(canister, "request_and_response_transmission", fee);
  }
}

/** Log lines are kept even when the message traps; queries log nothing. */
export function appendLog(canister: Canister, execution: Execution, trap: Trap | undefined): void {
  if (!isReplicated(execution.context)) return;
  const lines = execution.journal.logs;
  if (trap) {
    lines.push({ timestamp: execution.time, content: new TextEncoder().encode(`[TRAP]: ${trap.message}`) });
  }
  canister.log.append(lines, Number(canister.settings.logMemoryLimit));
}
