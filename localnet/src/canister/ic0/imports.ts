import { systemCosts } from "../../wasm/costs.ts";
import { contextNames, type ImportName, mayCall } from "../context.ts";
import { contractViolation } from "../trap.ts";
import { callImports } from "./call.ts";
import { costImports } from "./cost.ts";
import { environmentImports } from "./environment.ts";
import type { Imports, Machine } from "./machine.ts";
import { messageImports } from "./message.ts";
import { stableImports } from "./stable.ts";
import { systemImports } from "./system.ts";

const usualCost = 500;

/** The system API `ic0` for one instance: each call is checked against its context and charged. */
export function ic0(machine: Machine): Imports<ImportName> {
  const imports: Imports<ImportName> = {
    ...messageImports(machine),
    ...callImports(machine),
    ...stableImports(machine),
    ...systemImports(machine),
    ...environmentImports(machine),
    ...costImports(machine),
  };
  const guarded = Object.entries(imports).map(([name, call]) => [
    name,
    guard(machine, name as ImportName, call),
  ]);
  return Object.fromEntries(guarded);
}

function guard<Call extends Imports<string>[string]>(machine: Machine, name: ImportName, call: Call): Call {
  const cost = systemCosts[name] ?? usualCost;
  const guarded = (...args: never[]) => {
    const { context } = machine.execution;
    if (!mayCall(name, context)) {
      throw contractViolation(`"ic0_${name}" cannot be executed in ${contextNames[context]} mode`);
    }
    machine.charge(cost);
    return call(...args);
  };
  return guarded as Call;
}
