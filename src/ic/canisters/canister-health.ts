import type { Agent } from "@dfinity/agent";
import { Actor } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { toTypedError } from "@kiln/client/network/call-failure";
import { Optional } from "@kiln/client/network/reply";
import { z } from "zod";
import { management } from "./management.ts";

export type CanisterHealth = {
  name: string;
  id: string;
  state: string;
  cycles: bigint;
  /** The idle cost, or the rate measured in the last hour if that is higher. */
  perDay: bigint;
  /** Cost of a day without any calls. */
  idlePerDay: bigint;
  /** The canister freezes below this balance. */
  reserve: bigint;
  /** Until it freezes: the balance above the freezing reserve, spent at that rate. */
  daysLeft: number;
  memory: bigint;
  /** Why its status could not be read, or an empty string. */
  failure: string;
};

const State = z.object({
  status: z.record(z.string(), z.null()),
  memory_size: z.bigint(),
  cycles: z.bigint(),
  idle_cycles_burned_per_day: z.bigint(),
  settings: z.object({ freezing_threshold: z.bigint() }),
});

const Report = z.object({ balance: z.bigint(), burned_per_day: Optional(z.bigint()) });

const secondsOfDay = 86_400n;

/** The status of a canister that the agent's principal controls. Does not throw if the status cannot be read. */
export async function canisterHealth(
  agent: Agent,
  { name, id }: { name: string; id: string },
): Promise<CanisterHealth> {
  try {
    const reply = await management(agent, id).canister_status({ canister_id: Principal.fromText(id) });
    const { status, memory_size, cycles, idle_cycles_burned_per_day: idle, settings } = State.parse(reply);
    const perDay = larger(idle, await measured(agent, id));
    const reserve = (idle * settings.freezing_threshold) / secondsOfDay;
    return {
      name,
      id,
      state: Object.keys(status)[0] ?? "",
      cycles,
      perDay,
      idlePerDay: idle,
      reserve,
      daysLeft: daysLeft(cycles - reserve, perDay),
      memory: memory_size,
      failure: "",
    };
  } catch (cause) {
    return unknownHealth({ name, id }, cause);
  }
}

/** For a canister whose status could not be read. */
export function unknownHealth({ name, id }: { name: string; id: string }, cause: unknown): CanisterHealth {
  const error = toTypedError(cause, `${name} ${id}`) as Error;
  const unknown = { state: "unknown", cycles: 0n, perDay: 0n, idlePerDay: 0n, reserve: 0n };
  return { name, id, ...unknown, daysLeft: 0, memory: 0n, failure: `UNKNOWN: ${error.message}` };
}

/** Days until only the reserve is left. */
export function daysLeft(cycles: bigint, perDay: bigint): number {
  if (cycles <= 0n) return 0;
  return perDay === 0n ? Number.POSITIVE_INFINITY : Number(cycles) / Number(perDay);
}

/** The rate that the canister itself reports; 0 if it has no such method. */
async function measured(agent: Agent, canisterId: string): Promise<bigint> {
  const actor = Actor.createActor<{ cycles_report: () => Promise<unknown> }>(
    ({ IDL }) =>
      IDL.Service({
        cycles_report: IDL.Func(
          [],
          [IDL.Record({ balance: IDL.Nat, burned_per_day: IDL.Opt(IDL.Nat) })],
          ["query"],
        ),
      }),
    { agent, canisterId },
  );
  const report = Report.safeParse(await actor.cycles_report().catch(() => undefined));
  return report.data?.burned_per_day ?? 0n;
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
