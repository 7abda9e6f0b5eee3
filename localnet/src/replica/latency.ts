import { z } from "zod";

const milliseconds = z.number().nonnegative();

/**
 * How long messages take, in milliseconds; omitted parts take no time. Nothing is random: the arrival time depends
 * only on the departure time, both by the network's clock.
 */
export const latencySchema = z.strictObject({
  /**
   * Length of a consensus round. Messages from outside or from another subnet enter with the next round; responses to
   * the outside are certified at the end of their round.
   */
  round: milliseconds.default(0),
  /** Between two subnets, each way. */
  betweenSubnets: milliseconds.default(0),
  /** For certain calls, each way, instead of the above: the first match counts. Ids are texts of principals. */
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
  /** What it crosses: from outside and back, between subnets, or neither. */
  over: "outside" | "subnets" | "nothing";
}

/**
 * When a message arrives that is sent now.
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
