import { z } from "zod";

const milliseconds = z.number().nonnegative();

/**
 * How long messages are on their way, milliseconds; what is left out takes no time. Nothing here is left to chance:
 * a message that leaves at a moment always arrives at the same other one, by the network's clock.
 */
export const latencySchema = z.strictObject({
  /** Length of a consensus round: what comes from outside or over the border of a subnet enters with the next round, and answers to the outside are certified at the end of theirs. */
  round: milliseconds.default(0),
  /** Between two subnets, each way. */
  betweenSubnets: milliseconds.default(0),
  /** Of certain calls, each way, instead of the above: the first that fits counts. Ids are texts of principals. */
  edges: z
    .array(
      z.strictObject({
        caller: z.string().optional(),
        callee: z.string().optional(),
        method: z.string().optional(),
        milliseconds,
      }),
    )
    .default([]),
});

export type Latency = z.input<typeof latencySchema>;
export type FullLatency = z.output<typeof latencySchema>;

/** A message on its way, or its answer on the way back. Ids are texts of principals. */
export interface Way {
  caller: string;
  callee: string;
  method: string;
  /** Where it goes over: from outside and back, between subnets, or neither. */
  over: "outside" | "subnets" | "nothing";
}

/**
 * When a message arrives that leaves now.
 * @param now nanoseconds since 1970
 */
export function arrival({ round, betweenSubnets, edges }: FullLatency, way: Way, now: bigint): bigint {
  const edge = edges.find(
    ({ caller = way.caller, callee = way.callee, method = way.method }) =>
      caller === way.caller && callee === way.callee && method === way.method,
  );
  const travel = edge?.milliseconds ?? (way.over === "subnets" ? betweenSubnets : 0);
  const there = now + nanoseconds(travel);
  return way.over === "nothing" ? there : endOfRound(there, nanoseconds(round));
}

function endOfRound(time: bigint, round: bigint): bigint {
  return round === 0n ? time : ((time + round - 1n) / round) * round;
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1e6));
}
